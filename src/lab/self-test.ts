/**
 * Opening a model so that its numbers can be trusted. GPU drivers and their emulations compute some
 * operators wrong without an error, so that one prompt is compared, layer by layer, with WebAssembly.
 */
import { hiddenState, type HiddenStates } from '../direction/hidden-states'
import { joinHiddenStates } from '../direction/join'
import { argmax, cosine, maxAbs } from '../math/vector'
import type { CaptureRow, ModelApi, ModelInfo, ModelSource, OpenOptions, Progress, SelfTest } from './api'
import type { ModelHandle } from './connect'
import { isDtype } from './dtype'

/**
 * The fixed prompts, long enough for bugs that begin at the fourth or eighth token: a sentence, and tokens from all over
 * the vocabulary, whose keys differ also under a tokenizer that knows none of the sentence's words.
 */
export function selfTestRows(vocabulary: number): readonly CaptureRow[] {
  const spread = Array.from({ length: 24 }, (_, i) => Math.floor(vocabulary * ((0.618034 * (i + 1)) % 1)))
  return [
    { prompt: { text: 'The capital of France is Paris, and the river that runs through it is called the' } },
    { prompt: { ids: spread } }
  ]
}

/** The trusted devices in a sentence. */
const pathName: Readonly<Record<TrustedDevice, string>> = { wasm: 'WebAssembly', cpu: 'the CPU' }

/** A layer passes with this cosine to the trusted path, or more, at every token. */
export const defaultThreshold = 0.999

/** What one device makes of the fixed prompts. */
export interface Probe {
  readonly states: HiddenStates
  /** Most probable next token of each run. */
  readonly top: readonly number[]
}

export type TrustedDevice = 'wasm' | 'cpu'

export interface OpenTestedOptions {
  /** Default `defaultThreshold`. */
  readonly threshold?: number
  /** The device that others are tested against, and the last resort: `cpu` in Node. Default `wasm`. */
  readonly trusted?: TrustedDevice
  /** Terminates the workers that are opening the model; the call rejects with `AbortError`. Later it ends the model that was opened. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

export interface OpenedModel {
  readonly handle: ModelHandle
  readonly info: ModelInfo
  readonly test: SelfTest
  /** What it was opened with in the end. */
  readonly options: OpenOptions
}

/**
 * Opens a model on the first of these that passes the self-test: the asked device, the same without
 * subgroups, the trusted one. The reference runs in a worker of its own that is gone when this returns.
 */
export async function openTested(
  connect: () => ModelHandle,
  source: ModelSource,
  options: OpenOptions,
  { threshold = defaultThreshold, trusted = 'wasm', signal, onProgress }: OpenTestedOptions = {}
): Promise<OpenedModel> {
  const failures: string[] = []
  // A signal may see many models come and go: it is told of each that has ended.
  const listeners = new Map<ModelHandle, () => void>()
  const connectAbortable = (): ModelHandle => {
    signal?.throwIfAborted()
    const handle = connect()
    const end = (): void => handle.terminate()
    listeners.set(handle, end)
    signal?.addEventListener('abort', end)
    return handle
  }
  const forget = (handle: ModelHandle): void => {
    const end = listeners.get(handle)
    if (end) signal?.removeEventListener('abort', end)
  }
  let reference: Probe | Error | null = null
  for (const attempt of attemptsFor(options, trusted)) {
    const handle = connectAbortable()
    try {
      const info = await handle.open(source, attempt, onProgress)
      onProgress?.({ stage: 'self-test', done: 0, total: 0, unit: 'steps' })
      const own = await probe(handle, info.vocabulary)
      signal?.throwIfAborted()
      if (info.device !== 'webgpu') return { handle, info, test: trustedTest(own, info, failures), options: attempt }
      reference ??= await probeReference(connectAbortable, forget, source, info, trusted)
      signal?.throwIfAborted()
      const test =
        reference instanceof Error
          ? untested(own, reference, trusted)
          : compare(own, reference, threshold, failures, trusted)
      if (test.status !== 'failed') return { handle, info, test, options: attempt }
      failures.push(test.summary)
    } catch (error) {
      handle.terminate()
      forget(handle)
      signal?.throwIfAborted()
      throw error
    }
    await handle.close()
    forget(handle)
  }
  throw new Error('unreachable: the last attempt is on the trusted device')
}

/** Runs the fixed prompts one by one and as a batch: runtimes have kernels of their own for one row. */
export async function probe(model: ModelApi, vocabulary: number): Promise<Probe> {
  const rows = selfTestRows(vocabulary)
  const states: HiddenStates[] = []
  const top: number[] = []
  for (const batch of [...rows.map((row) => [row]), rows]) {
    states.push(await model.capture(batch, 'every'))
    const logits = await model.logits(batch)
    batch.forEach((_, row) => top.push(argmax(logits.subarray(row * vocabulary, (row + 1) * vocabulary))))
  }
  return { states: joinHiddenStates(states), top }
}

/** Cosine of two captures at each layer: the smallest over the tokens. */
export function layerCosines(a: HiddenStates, b: HiddenStates): readonly number[] {
  return Array.from({ length: a.layers }, (_, layer) => {
    const tokens = Array.from({ length: a.rows }, (_, row) => row)
    return Math.min(...tokens.map((row) => cosine(hiddenState(a, layer, row), hiddenState(b, layer, row))))
  })
}

function attemptsFor(options: OpenOptions, trusted: TrustedDevice): readonly OpenOptions[] {
  return [options, { ...options, withoutSubgroups: true }, { ...options, device: trusted, withoutSubgroups: false }]
}

/** The same files on WebAssembly, int4 weights as they are; the error where they cannot be opened there. */
async function probeReference(
  connect: () => ModelHandle,
  forget: (handle: ModelHandle) => void,
  source: ModelSource,
  info: ModelInfo,
  device: TrustedDevice
): Promise<Probe | Error> {
  const handle = connect()
  try {
    await handle.open(source, { device, keepInt4: true, ...(isDtype(info.dtype) && { dtype: info.dtype }) })
    return await probe(handle, info.vocabulary)
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  } finally {
    handle.terminate()
    forget(handle)
  }
}

/** Holds a device's numbers against the trusted path's. `failures`: summaries of the attempts before. */
export function compare(
  own: Probe,
  reference: Probe,
  threshold: number,
  failures: readonly string[] = [],
  trusted: TrustedDevice = 'wasm'
): SelfTest {
  const cosines = layerCosines(own.states, reference.states)
  const worst = cosines.reduce((low, value, layer) => (value >= (cosines[low] ?? 0) ? low : layer), 0)
  const passed = cosines.every((value) => value >= threshold)
  const found = `cosine ${(cosines[worst] ?? Number.NaN).toFixed(4)} to ${pathName[trusted]} at layer ${worst}, the worst one`
  const again = failures.length > 0 ? ', without the GPU feature "subgroups", which gave wrong numbers' : ''
  return {
    status: passed ? 'passed' : 'failed',
    summary: passed ? `Self-test passed: ${found}${again}.` : `Self-test failed: ${found}.`,
    cosine: cosines,
    maxAbs: maxAbs(own.states.data),
    sameTop1: own.top.every((id, row) => id === reference.top[row])
  }
}

function trustedTest(own: Probe, { device }: ModelInfo, failures: readonly string[]): SelfTest {
  const path = device === 'cpu' ? 'The CPU' : 'WebAssembly'
  const summary =
    failures.length > 0
      ? `${path} is used because the GPU gave wrong numbers here. ${failures.at(-1) ?? ''}`
      : `${path} is the path that others are tested against.`
  return { status: 'trusted', summary, cosine: [], maxAbs: maxAbs(own.states.data), sameTop1: true }
}

function untested(own: Probe, reason: Error, trusted: TrustedDevice): SelfTest {
  const summary = `Not tested: the model could not be opened on ${pathName[trusted]} to compare with (${reason.message}).`
  return { status: 'untested', summary, cosine: [], maxAbs: maxAbs(own.states.data), sameTop1: false }
}
