/** `npm run families`: opens every parity fixture and writes the table of docs/models.md: what works in which family and layout. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readPeft } from '../src/formats/peft'
import { AdapterTensors } from '../workers/adapters/adapter'
import { fixtureNames, loadFixture, type Fixture, type Precision } from '../test/fixtures'
import { TestGraph } from '../test/onnx/run-graph'
import { ids, openFixture } from '../test/workers/fixture-host'
import * as ort from 'onnxruntime-node'

const page = 'docs/models.md'
const heads = ['family', 'layout', 'dtype', 'hidden states', 'adapter', 'answers of a ragged batch']

/** Largest error at real tokens, as a share of the largest value. */
function errorOf({ tensors, reference }: Fixture, name: string, got: Float32Array): number {
  const want = tensors.get(name)
  const [S = 0, width = 0] = want?.dims.slice(-2) ?? []
  let [error, largest] = [0, 0]
  want?.data.forEach((value, i) => {
    const row = Math.floor(i / (width * S)) % reference.prompts.length
    if (Math.floor(i / width) % S >= (reference.prompts[row]?.length ?? 0)) return
    error = Math.max(error, Math.abs(value - (got[i] ?? NaN)))
    largest = Math.max(largest, Math.abs(value))
  })
  return error / largest
}

async function adapted(fixture: Fixture, dtype: Precision): Promise<string> {
  const graph = await TestGraph.open(fixture, { read: true, adapt: 'joined' }, dtype)
  const file = (name: string): Buffer => readFileSync(join(fixture.folder, 'adapter', name))
  const tensors = new AdapterTensors({ Tensor: ort.Tensor, upload: (tensor) => tensor }, graph.info)
  tensors.set(readPeft(file('adapter_config.json').toString(), file('adapter_model.safetensors')).pairs)
  tensors.setScale(1)
  const feeds = { ...(await graph.feeds(fixture.reference.prompts)), ...tensors.feeds }
  return errorOf(fixture, 'hidden.lora', (await graph.run(feeds)).hidden).toExponential(0)
}

async function answers({ name, reference }: Fixture, dtype: Precision): Promise<string> {
  const engine = await openFixture(name, { dtype })
  const rows = reference.prompts.map((prompt) => ({ prompt: ids(prompt) }))
  const { completions } = await engine.generate(rows, { maxTokens: 12, sampling: { temperature: 0 } })
  await engine.close()
  const same = completions.filter(({ ids: got }, i) => {
    return got.every((id, at) => id === reference.greedy.none[i]?.[at])
  })
  return same.length === rows.length ? 'as PyTorch' : dtype === 'fp32' ? 'differ' : 'own rounding'
}

async function row(name: string, dtype: Precision): Promise<string[]> {
  const fixture = loadFixture(name)
  const graph = await TestGraph.open(fixture, { read: true }, dtype)
  const { hidden } = await graph.run(await graph.feeds(fixture.reference.prompts))
  const read = errorOf(fixture, 'hidden', hidden).toExponential(0)
  const { family, layout } = fixture.reference
  return [family, layout, dtype, read, await adapted(fixture, dtype), await answers(fixture, dtype)]
}

const rows: string[][] = []
for (const name of fixtureNames()) {
  const files = Object.keys(loadFixture(name).reference.files)
  for (const dtype of (['fp32', 'fp16', 'q8', 'q4', 'q4f16'] as const).filter((each) => files.includes(each))) {
    rows.push(await row(name, dtype))
    console.log(rows.at(-1)?.join('  '))
  }
}
const lines = [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`)
// The table is the last thing on its page.
const [before = ''] = readFileSync(page, 'utf8').split(`| ${heads[0]} |`)
writeFileSync(page, `${before}${lines.join('\n')}\n`)
