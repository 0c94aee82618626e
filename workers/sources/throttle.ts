/** Progress that is told often enough to watch, and not with each of the ten thousand pieces of a download. */
import type { Progress } from '../../src/lab/api'

const interval = 100

/** The first, the last, and between them one in 100 ms. */
export function throttled(
  onProgress: (progress: Progress) => void,
  rest: Omit<Progress, 'done' | 'total'>
): (done: number, total: number) => void {
  let last = -Infinity
  return (done, total) => {
    const now = performance.now()
    if (now - last < interval && done !== total) return
    last = now
    onProgress({ ...rest, done, total })
  }
}
