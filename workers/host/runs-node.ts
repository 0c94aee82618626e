/** Runs of the native runtime, counted where two threads see them: a thread must not be ended during one. */
import { workerData } from 'node:worker_threads'

/** [runs under way, runs begun] */
export type Runs = Int32Array<SharedArrayBuffer>

/** Counters of runs that threads share. */
export const newRuns = (): Runs => new Int32Array(new SharedArrayBuffer(8))

const seen = new WeakMap<Runs, number>()

/** Whether no run is under way, and none was begun since this was asked last. */
export function isAtRest(runs: Runs): boolean {
  const begun = Atomics.load(runs, 1)
  const isSame = seen.get(runs) === begun
  seen.set(runs, begun)
  return isSame && Atomics.load(runs, 0) === 0
}

/** In the worker: counts a run while it goes on. Elsewhere it is not counted. */
export async function counted<Result>(run: () => Promise<Result>): Promise<Result> {
  const runs = ownRuns()
  if (!runs) return run()
  Atomics.add(runs, 0, 1)
  Atomics.add(runs, 1, 1)
  try {
    return await run()
  } finally {
    Atomics.sub(runs, 0, 1)
  }
}

function ownRuns(): Int32Array | null {
  const data: unknown = workerData
  const runs = typeof data === 'object' && data !== null && 'runs' in data ? data.runs : null
  return runs instanceof Int32Array ? runs : null
}
