/**
 * Opening a model so that its numbers can be trusted. GPU drivers and their emulations compute some
 * operators wrong without an error, so that fixed prompts are compared, layer by layer and token by token, with WebAssembly.
 */
import type { HiddenStates } from '../direction/hidden-states'
import { LabError } from '../errors'
import { maxAbs } from '../math/vector'
import type { ModelInfo, ModelSource, OpenOptions, Progress, SelfTest } from './api'
import type { ModelHandle } from './connect/connect'
import { decodeFault, indexOfWorst, layerCosines, saturatedShare, stateFault } from './trust/agreement'
import { longLength, probe, probeLong, probeOnce, type Probe } from './trust/probe'
import { openReference, Reference, type TrustedDevice } from './trust/reference'

export type { TrustedDevice } from './trust/reference'

/** The trusted devices in a sentence. */
const pathName: Readonly<Record<TrustedDevice, string>> = { wasm: 'WebAssembly', cpu: 'the CPU' }

/** A layer passes with this cosine to the trusted path, or more, at every token. */
export const defaultThreshold = 0.999

export interface OpenTestedOptions {
  /** Default `defaultThreshold`. */
  readonly threshold?: number
  /** The device that others are tested against, and the last resort: `cpu` in Node. Default `wasm`. */
  readonly trusted?: TrustedDevice
  /**
   * Milliseconds that the slower of two devices may take for a long prompt, by what the short ones took: where it would
   * be more, only short ones are compared, and the summary says so. Default 5,000.
   */
  readonly patience?: number
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
  { threshold = defaultThreshold, trusted = 'wasm', patience = 5000, signal, onProgress }: OpenTestedOptions = {}
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
  let reference: Reference | null = null
  try {
    for (const attempt of attemptsFor(options, trusted)) {
      // Two models on the trusted device might not fit.
      if (attempt.device === trusted) await reference?.end()
      const handle = connectAbortable()
      try {
        const info = await handle.open(source, attempt, onProgress)
        onProgress?.({ stage: 'self-test', done: 0, total: 0, unit: 'steps' })
        if (info.device !== 'webgpu') {
          const states = await probeOnce(handle, info.vocabulary)
          signal?.throwIfAborted()
          return { handle, info, test: trustedTest(states, info, failures), options: attempt }
        }
        reference ??= new Reference(() => openReference(connectAbortable(), source, info, trusted, forget), forget)
        const result = await test(handle, info, reference, { threshold, trusted, failures, patience }).catch(gpuFault)
        signal?.throwIfAborted()
        if (result.status !== 'failed') return { handle, info, test: result, options: attempt }
        failures.push(result.summary)
      } catch (error) {
        handle.terminate()
        forget(handle)
        signal?.throwIfAborted()
        throw error
      }
      await handle.close()
      forget(handle)
    }
  } finally {
    await reference?.end()
  }
  throw new Error('unreachable: the last attempt is on the trusted device')
}

/** A GPU that fails while it is tested has failed the test: the next attempt may do better. */
function gpuFault(error: unknown): SelfTest {
  if (!(error instanceof LabError) || (error.code !== 'device' && error.code !== 'onnx')) throw error
  const summary = `Self-test failed: ${error.message}.`
  return { status: 'failed', summary, cosine: [], maxAbs: Number.NaN, saturated: 0, longest: 0, sameTop1: false }
}

function attemptsFor(options: OpenOptions, trusted: TrustedDevice): readonly OpenOptions[] {
  return [options, { ...options, withoutSubgroups: true }, { ...options, device: trusted, withoutSubgroups: false }]
}

/** One device beside the trusted path: first the short prompts, then, where both are quick enough, a long one. */
async function test(
  handle: ModelHandle,
  info: ModelInfo,
  reference: Reference,
  { threshold, trusted, failures, patience }: Terms
): Promise<SelfTest> {
  const own = await probe(handle, info.vocabulary)
  const theirs = await reference.short(info.vocabulary).catch(toError)
  if (theirs instanceof Error) return untested(own, theirs, trusted)
  const short = compare(own, theirs, threshold, failures, trusted)
  const tokens = longLength(info)
  if (short.status === 'failed' || tokens === 0) return short
  const slowest = Math.max(own.msPerToken, theirs.msPerToken)
  if (slowest * tokens * longRuns > patience) return { ...short, summary: `${short.summary} ${tooSlow}` }
  const mine = await probeLong(handle, info.vocabulary, tokens)
  const long = await reference.long(info.vocabulary, tokens).catch(toError)
  if (long instanceof Error) return { ...short, summary: `${short.summary} ${tooSlow}` }
  const fault = stateFault(mine.states, long.states, threshold) ?? decodeFault([mine.row], [long.row])
  if (!fault) return { ...short, longest: tokens }
  const where = `${fault} after a prompt of ${tokens} tokens, where short ones agree with ${pathName[trusted]}`
  return { ...short, status: 'failed', summary: `Self-test failed: ${where}.`, longest: tokens }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

/** How often a long prompt is run on each device. */
const longRuns = 2
const tooSlow = 'Prompts of more than 512 tokens were not tried, since that would take too long here.'

interface Terms {
  readonly threshold: number
  readonly trusted: TrustedDevice
  /** Summaries of the attempts before. */
  readonly failures: readonly string[]
  readonly patience: number
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
  const worst = indexOfWorst(cosines)
  const found = `cosine ${(cosines[worst] ?? Number.NaN).toFixed(4)} to ${pathName[trusted]} at layer ${worst}, the worst one`
  const again = failures.length > 0 ? ', without the GPU feature "subgroups", which gave wrong numbers' : ''
  const state = stateFault(own.states, reference.states, threshold)
  const decoding = state ? null : decodeFault(own.rows, reference.rows)
  const fault = state?.startsWith('cosine')
    ? found
    : (state ?? (decoding && `${decoding} than on ${pathName[trusted]} (${found})`))
  const saturated = saturatedShare(own.states)
  return {
    status: fault ? 'failed' : 'passed',
    summary: fault
      ? `Self-test failed: ${fault}.`
      : `Self-test passed: ${found}${again}.${saturated > 0 ? ` ${saturation(saturated)}` : ''}`,
    cosine: cosines,
    maxAbs: maxAbs(own.states.data),
    saturated,
    longest: 0,
    sameTop1: own.top.every((id, row) => id === reference.top[row])
  }
}

const saturation = (share: number): string =>
  `${(100 * share).toPrecision(2)} % of its numbers stand at the limit of half precision, 65,504: open it as q4 or fp32.`

function trustedTest(states: HiddenStates, { device }: ModelInfo, failures: readonly string[]): SelfTest {
  const path = device === 'cpu' ? 'The CPU' : 'WebAssembly'
  const saturated = saturatedShare(states)
  const why =
    failures.length > 0
      ? `${path} is used because the GPU gave wrong numbers here. ${failures.at(-1) ?? ''}`
      : `${path} is the path that others are tested against.`
  const summary = saturated > 0 ? `${why} ${saturation(saturated)}` : why
  return { status: 'trusted', summary, cosine: [], maxAbs: maxAbs(states.data), saturated, longest: 0, sameTop1: true }
}

function untested(own: Probe, reason: Error, trusted: TrustedDevice): SelfTest {
  const summary = `Not tested: the model could not be opened on ${pathName[trusted]} to compare with (${reason.message}).`
  const saturated = saturatedShare(own.states)
  return {
    status: 'untested',
    summary,
    cosine: [],
    maxAbs: maxAbs(own.states.data),
    saturated,
    longest: 0,
    sameTop1: false
  }
}
