/** Figure 8: the same in a browser, on WASM with threads, and on WebGPU where there is a real GPU. */
import type { Dtype } from '../src/lab/api'
import type { GraphInfo } from '../src/onnx/describe'
import { BenchPage } from './browser-page'
import { speedRow } from './compare'
import { closeAll, step, type Decoder, type Timing } from './contestants/decoder'
import { atLeast, type Context, type Figure, type Row } from './figure'
import { graphPath, instrumented } from './model'
import { readPrompts, type Prompts } from './prompts'
import { steerAll } from './tools/random'
import { interleave } from './tools/stats'
import type { Contestant, WebDevice } from './contestants/web-contestant'

const tokens = 12
type Told = Omit<Contestant, 'model' | 'cache'>

export const browser: Figure = {
  name: 'browser',
  what: 'Chromium, WASM with threads (WebGPU on a real GPU): our engine against an untouched session, itself on another file, and transformers.js',
  unit: 'ms a token, or ms to the first token',
  run
}

async function* run(context: Context): AsyncIterable<Row> {
  const { info } = await instrumented(context.model, 'fp32', { read: true })
  const page = await BenchPage.open(context.model, info.cache)
  try {
    const prompts = await readPrompts(context.model)
    yield* wasmFiles(page, prompts, context)
    yield* wasmSteering(page, prompts, context, info)
    for (const dtype of context.dtypes) yield* transformersJs(page, prompts, context, 'wasm', dtype)
    const { real, name } = await page.adapter()
    if (!real) yield { kind: 'not measured', name: 'WebGPU', reason: name }
    else for (const dtype of context.dtypes) yield* transformersJs(page, prompts, context, 'webgpu', dtype)
  } finally {
    await page.close()
  }
}

/** The q4 file, expanded at load, against the fp32 file. */
async function* wasmFiles(page: BenchPage, prompts: Prompts, { n }: Context): AsyncIterable<Row> {
  const ours = (dtype: Dtype): Told => ({ who: 'ours', device: 'wasm', dtype })
  const { mine, other } = await turns(page, prompts, { ours: ours('q4'), theirs: ours('fp32') }, { n, length: 40 })
  yield speedRow('wasm, decode, q4 file / fp32 file', mine.map(step), other.map(step), atLeast(0.9))
}

async function* wasmSteering(
  page: BenchPage,
  prompts: Prompts,
  { n, model }: Context,
  info: GraphInfo
): AsyncIterable<Row> {
  const path = await graphPath(model, 'fp32')
  const untouched = { who: 'untouched', device: 'wasm', dtype: 'fp32', graph: fileName(path) } as const
  for (const [level, target] of [
    ['add', 0.97],
    ['affine', 0.95]
  ] as const) {
    const ours = steered(info, level)
    const { mine, other } = await turns(page, prompts, { ours, theirs: untouched }, { n, length: 40 })
    yield speedRow(`wasm, fp32, ${level} / untouched session`, mine.map(step), other.map(step), atLeast(target))
  }
}

const steered = (info: GraphInfo, write: 'add' | 'affine'): Told => ({
  who: 'ours',
  device: 'wasm',
  dtype: 'fp32',
  write,
  steering: steerAll(info, write)
})

async function* transformersJs(
  page: BenchPage,
  prompts: Prompts,
  { n }: Context,
  device: WebDevice,
  dtype: Dtype
): AsyncIterable<Row> {
  const pair = { ours: { who: 'ours', device, dtype }, theirs: { who: 'transformers.js', device, dtype } } as const
  for (const length of [40, 512]) {
    const { mine, other } = await turns(page, prompts, pair, { n: length === 512 ? Math.min(n, 5) : n, length })
    const name = `${device}, ${dtype} / transformers.js`
    if (length === 40) yield speedRow(`${name}, decode`, mine.map(step), other.map(step), atLeast(1.1))
    else {
      const first = (list: readonly Timing[]): number[] => list.map((t) => t.first)
      yield speedRow(`${name}, first token, prompt ${length}`, first(mine), first(other), atLeast(1.5))
    }
  }
}

async function turns(
  page: BenchPage,
  prompts: Prompts,
  told: { readonly ours: Told; readonly theirs: Told },
  { n, length }: { readonly n: number; readonly length: number }
): Promise<{ mine: readonly Timing[]; other: readonly Timing[] }> {
  const open: Decoder[] = []
  try {
    const contestant = async (what: Told): Promise<(repetition: number) => Promise<Timing>> => {
      const decoder = await page.contestant(what)
      open.push(decoder)
      return (repetition) => decoder.decode(prompts.ids(length, repetition), length === 512 ? 1 : tokens)
    }
    const ours = await contestant(told.ours)
    const theirs = await contestant(told.theirs)
    const timings = await interleave(n, { ours, theirs })
    return { mine: timings.get('ours') ?? [], other: timings.get('theirs') ?? [] }
  } finally {
    await closeAll(open)
  }
}

const fileName = (path: string): string => path.slice(path.search(/[^/\\]+$/))
