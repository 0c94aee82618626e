/**
 * The numerics as one API, on whatever thread: in the page it lives in the math worker (`connect-math.ts`), in Node and
 * in tests it runs where it is called. Long computations report and can be stopped between their steps.
 */
import { proxy, transfer } from 'comlink'
import type { Contrast } from '../direction/contrast'
import type { Direction } from '../direction/direction'
import { digest, extractSteps } from '../direction/extract'
import { separationSteps, type Separation, type SeparationOptions } from '../direction/separation'
import { bootstrap, type BootstrapOptions, type Draws } from '../math/bootstrap'
import { ridgeSteps, type RidgeMap, type RidgeOptions } from '../math/ridge'
import type { Rows } from '../math/rows'

/** A contrast's direction at each layer, and how well each holds out. */
export interface ContrastFit {
  readonly directions: readonly Direction[]
  readonly separation: Separation
}

/** Share done, 0 to 1. */
export type OnShare = (share: number) => void

/** What the worker answers. `job` is a number of the caller's, for `cancel`; a cancelled job rejects with `AbortError`. */
export interface MathApi {
  fit(job: number, contrast: Contrast, options: SeparationOptions, onShare: OnShare): Promise<ContrastFit>
  ridge(job: number, x: Rows, y: Rows, options: RidgeOptions, onShare: OnShare): Promise<RidgeMap>
  bootstrap(values: Rows, options: BootstrapOptions): Promise<Draws>
  cancel(job: number): Promise<void>
}

export interface JobOptions {
  readonly signal?: AbortSignal
  readonly onShare?: OnShare
}

/** The numerics as the page and the study call them. Rejects with `AbortError` when the signal says so. */
export interface MathHandle {
  /** Extracts and scores; see `extract` and `separation`. The captures' buffers move to the worker: keep copies of what is needed later. */
  fit(contrast: Contrast, options?: SeparationOptions, job?: JobOptions): Promise<ContrastFit>
  /** See `fitRidge`. The buffers of `x` and `y` move to the worker. */
  ridge(x: Rows, y: Rows, options: RidgeOptions, job?: JobOptions): Promise<RidgeMap>
  /** See `bootstrap`; statistics of the draws are computed by the caller with `estimate`. */
  bootstrap(values: Rows, options: BootstrapOptions): Promise<Draws>
}

/** How a handle reaches the API: at once, or across a worker's boundary. */
export type Reach = <Result>(call: (api: MathApi) => Promise<Result>) => Promise<Result>

/** The numerics on this thread, for Node and tests. */
export function localMath(): MathHandle {
  const engine = new MathEngine()
  return mathHandle((call) => call(engine))
}

/**
 * A handle over an API that is reached by `reach`.
 * @param tell reaches it to cancel a job; default `reach`
 */
export function mathHandle(
  reach: Reach,
  tell: (call: (api: MathApi) => Promise<void>) => Promise<void> = reach
): MathHandle {
  let jobs = 0
  async function run<Result>(
    { signal, onShare }: JobOptions,
    call: (api: MathApi, job: number, onShare: OnShare) => Promise<Result>
  ): Promise<Result> {
    signal?.throwIfAborted()
    const job = jobs++
    const cancel = (): void => void tell((api) => api.cancel(job)).catch(() => undefined)
    // A report may come after the result: it has a channel of its own.
    let settled = false
    const report = proxy((share: number) => (settled ? undefined : onShare?.(share)))
    signal?.addEventListener('abort', cancel)
    try {
      return await reach((api) => call(api, job, report))
    } finally {
      settled = true
      signal?.removeEventListener('abort', cancel)
    }
  }
  return {
    fit: (contrast, options = {}, job = {}) =>
      run(job, (api, id, onShare) =>
        api.fit(id, moved(contrast, contrast.positive, contrast.negative), options, onShare)
      ),
    ridge: (x, y, options, job = {}) =>
      run(job, (api, id, onShare) => api.ridge(id, moved(x, x), moved(y, y), options, onShare)),
    bootstrap: (values, options) => reach((api) => api.bootstrap(values, options))
  }
}

/** Marks a value so that the buffers of its parts are transferred and not copied. */
function moved<Value extends object>(value: Value, ...parts: readonly { readonly data: Rows['data'] }[]): Value {
  return transfer(value, [...new Set(parts.map(({ data }) => data.buffer))])
}

/** How long a computation may keep a worker from hearing `cancel`, where its steps are short. */
const patienceMs = 50

/** The API itself. */
export class MathEngine implements MathApi {
  readonly #running = new Set<number>()

  fit(job: number, contrast: Contrast, options: SeparationOptions, onShare: OnShare): Promise<ContrastFit> {
    return this.#run(job, async () => {
      const sha256 = await digest(contrast)
      const extraction = extractSteps(contrast, sha256, options)
      const directions = await this.#drive(job, extraction, (share) => onShare(share / 2))
      const scoring = separationSteps(contrast, options)
      const separation = await this.#drive(job, scoring, (share) => onShare((1 + share) / 2))
      return { directions, separation }
    })
  }

  ridge(job: number, x: Rows, y: Rows, options: RidgeOptions, onShare: OnShare): Promise<RidgeMap> {
    return this.#run(job, async () => {
      const map = await this.#drive(job, ridgeSteps(x, y, options), onShare)
      return moved(map, map.outputs, { data: map.factor }, ...(map.inputs ? [map.inputs] : []))
    })
  }

  async bootstrap(values: Rows, options: BootstrapOptions): Promise<Draws> {
    const draws = bootstrap(values, options)
    return moved(draws, { data: draws.means })
  }

  async cancel(job: number): Promise<void> {
    this.#running.delete(job)
  }

  /** Keeps a job cancellable from the call on. */
  async #run<Result>(job: number, work: () => Promise<Result>): Promise<Result> {
    this.#running.add(job)
    try {
      return await work()
    } finally {
      this.#running.delete(job)
    }
  }

  /** Runs a computation to its end, with pauses in which a cancel can arrive. */
  async #drive<Result>(job: number, steps: Generator<number, Result>, onShare: OnShare): Promise<Result> {
    let paused = performance.now()
    for (;;) {
      const step = steps.next()
      if (step.done) return step.value
      if (performance.now() - paused < patienceMs) continue
      onShare(step.value)
      await new Promise((resolve) => setTimeout(resolve))
      if (!this.#running.has(job)) throw new DOMException('the computation was cancelled', 'AbortError')
      paused = performance.now()
    }
  }
}
