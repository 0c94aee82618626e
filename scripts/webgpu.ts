/**
 * `npx tsx scripts/webgpu.ts [NAME ...] [--all]`, and `npm test -- webgpu`: parity fixtures in every dtype on native WebGPU in Node, beside the CPU and, in fp32, PyTorch.
 * Prints one line each: layout, dtype, what is compared, the worst layer's cosine. Without a graphics adapter it says so and does nothing.
 */
import { spawnSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
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

/** One case in a process of its own: a driver that hangs or dies takes no other case with it. */
function checkApart({ label }: Case): 'passed' | 'failed' | 'no adapter' {
  const script = fileURLToPath(import.meta.url)
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', script, '--case', label], {
    stdio: ['ignore', 'inherit', 'ignore'],
    timeout: longestMs
  })
  if (status === 0) return 'passed'
  if (status === noAdapter) return 'no adapter'
  if (status !== 1) console.log(`FAILED  ${label.padEnd(52)} the process ended or took more than ${longestMs / 1000} s`)
  return 'failed'
}

/** Milliseconds that one case may take. */
const longestMs = 240_000
/** Exit code of a case that found no graphics adapter. */
const noAdapter = 3

async function checkHere(one: Case): Promise<number> {
  try {
    return (await check(one)) ? 0 : 1
  } catch (error) {
    const message = error instanceof Error ? error.message.slice(0, 300) : String(error)
    if (error instanceof LabError && error.code === 'device' && /adapter/.test(message)) {
      console.log(`WebGPU in Node was not tested: ${message}`)
      return noAdapter
    }
    console.log(`FAILED  ${one.label.padEnd(52)} ${message}`)
    return 1
  }
}

/** The families of the study in both layouts. */
const usual = ['llama', 'qwen2', 'gemma2'].flatMap((family) => [`${family}-genai`, `${family}-optimum`])

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { case: { type: 'string' }, all: { type: 'boolean', default: false }, report: { type: 'string' } }
  })
  const chosen = values.all ? fixtureNames() : [...usual, 'ministral3-genai', 'ministral3-split']
  const names = positionals.length > 0 ? positionals : chosen
  const one =
    values.case === undefined
      ? undefined
      : fixtureNames()
          .flatMap(casesOf)
          .find(({ label }) => label === values.case)
  if (one) {
    process.exitCode = await checkHere(one)
    return
  }
  const count = { passed: 0, failed: 0 }
  for (const next of names.flatMap(casesOf)) {
    const result = checkApart(next)
    if (result === 'no adapter') break
    count[result]++
  }
  console.log(`${count.passed} passed, ${count.failed} failed`)
  if (values.report !== undefined) await writeFile(values.report, JSON.stringify(count))
  process.exitCode = count.failed === 0 ? 0 : 1
}

await main()
