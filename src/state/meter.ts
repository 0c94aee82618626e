import type { Progress } from '../lab/api'

/** Progress with its speed. */
export interface Measured {
  readonly progress: Progress
  /** Units a second over the last seconds; 0 while unknown. */
  readonly rate: number
  /** Seconds left; null while unknown. */
  readonly left: number | null
}

interface Sample {
  readonly time: number
  readonly done: number
}

const windowMs = 5000

/** Measures the speed of one stage at a time, over a sliding window. */
export class Meter {
  #stage = ''
  #samples: readonly Sample[] = []

  /** `time` in milliseconds. */
  measure(progress: Progress, time: number): Measured {
    const restarted = progress.done < (this.#samples.at(-1)?.done ?? 0)
    if (progress.stage !== this.#stage || restarted) this.#samples = []
    this.#stage = progress.stage
    this.#samples = [...this.#samples.filter((sample) => time - sample.time < windowMs), { time, done: progress.done }]
    const [first] = this.#samples
    const seconds = first ? (time - first.time) / 1000 : 0
    const rate = first && seconds > 0.25 ? (progress.done - first.done) / seconds : 0
    return { progress, rate, left: rate > 0 && progress.total > 0 ? (progress.total - progress.done) / rate : null }
  }
}
