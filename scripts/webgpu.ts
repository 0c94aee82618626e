/**
 * `npm test -- webgpu [-- NAME ...]`: every parity fixture in every dtype on native WebGPU in Node, beside the CPU and, in fp32, PyTorch.
 * Prints one line each: layout, dtype, what is compared, the worst layer's cosine. Without a graphics adapter it says so and does nothing.
 */
import { parseArgs } from 'node:util'
import type { HiddenStates } from '../src/direction/hidden-states'
import { LabError } from '../src/errors'
import type { Dtype, ModelSource, OpenOptions } from '../src/lab/api'
import { dtypes } from '../src/lab/dtype'
import { layerCosines } from '../src/lab/trust/agreement'
import { Engine } from '../workers/engine'
import { fixtureNames, loadFixture } from '../test/fixtures'
import { halfFixtures, halfGraph } from '../test/half-fixtures'
import { fixtureFiles, ids } from '../test/workers/fixture-host'

/** The CPU rounds activations of int4 and int8 weights to int8, which tiny models feel; `exact` keeps most of it from that. */
const least: Readonly<Record<Dtype, number>> = { fp32: 0.99999, q4: 0.995, q8: 0.99, fp16: 0.999, q4f16: 0.99 }

interface Case {
  readonly label: string
  readonly name: string
  readonly dtype: Dtype
  readonly change: Record<string, Uint8Array>
}

function casesOf(name: string): Case[] {
  const { reference } = loadFixture(name)
  const own = dtypes
    .filter((dtype) => reference.files[dtype] !== undefined)
    .map((dtype) => ({ label: `${name} ${dtype}`, name, dtype, change: {} }))
  const stem = reference.files.fp32?.file.replace('.onnx', '_fp16.onnx') ?? ''
  const halves = halfFixtures
    .filter((one) => one.fixture === name && one.mode === 'true')
    .map((one) => ({
      label: `${name} fp16 of ${one.base} with fp32 borders`,
      name,
      dtype: 'fp16' as const,
      change: { [stem]: halfGraph(one) }
    }))
  return [...own, ...halves]
}

async function run(
  { name, dtype, change }: Case,
  device: 'cpu' | 'webgpu'
): Promise<{ states: HiddenStates; text: string }> {
  const engine = new Engine(fixtureFiles(name, change))
  const source: ModelSource = { kind: 'folder', path: name }
  const options: OpenOptions = { dtype, device, exact: true }
  await engine.open(source, options)
  try {
    const rows = loadFixture(name).reference.prompts.map((prompt) => ({ prompt: ids(prompt) }))
    const states = await engine.capture(rows, 'every')
    const { completions } = await engine.generate(rows, { maxTokens: 8, sampling: { temperature: 0 } })
    return { states, text: completions.map((one) => one.ids.join(' ')).join(', ') }
  } finally {
    await engine.close()
  }
}

async function check(one: Case): Promise<boolean> {
  const [want, got] = [await run(one, 'cpu'), await run(one, 'webgpu')]
  const worst = Math.min(...layerCosines(got.states, want.states))
  // In other dtypes than fp32 a near tie may rightly fall to another token.
  const good = worst >= least[one.dtype] && (one.dtype !== 'fp32' || got.text === want.text)
  const tokens = got.text === want.text ? 'same tokens' : 'other tokens'
  console.log(`${good ? 'ok    ' : 'FAILED'}  ${one.label.padEnd(52)} ${worst.toFixed(6)}  ${tokens}`)
  return good
}

async function main(): Promise<void> {
  const { positionals } = parseArgs({ allowPositionals: true })
  const names = positionals.length > 0 ? positionals : fixtureNames()
  const count = { passed: 0, failed: 0 }
  for (const one of names.flatMap(casesOf)) {
    try {
      count[(await check(one)) ? 'passed' : 'failed']++
    } catch (error) {
      if (error instanceof LabError && error.code === 'device' && count.passed + count.failed === 0) {
        console.log(`WebGPU in Node was not tested: ${error.message}`)
        break
      }
      count.failed++
      console.log(
        `FAILED  ${one.label.padEnd(52)} ${error instanceof Error ? error.message.slice(0, 300) : String(error)}`
      )
    }
  }
  console.log(`${count.passed} passed, ${count.failed} failed`)
  process.exitCode = count.failed === 0 ? 0 : 1
}

await main()
