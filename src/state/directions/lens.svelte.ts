import type { Direction } from '../../direction/direction'
import type { LensRow } from '../../lab/api'
import type { LiveModel } from '../../lab/live/live-model'
import { endOf, type Status } from '../status'

/** Tokens on each side. */
const count = 10

/** A direction read through the model's own final norm and unembedding. */
export interface LensReading extends LensRow {
  readonly direction: Direction
  /** What its two ends are called. */
  readonly ends: Ends
  /** The model that read it. */
  readonly by: Reader
}

type Reader = Pick<LiveModel, 'lens'>

/** The sides that a direction leads between. */
export interface Ends {
  readonly positiveName: string
  readonly negativeName: string
}

/** The logit lens on one direction at a time: the newest one asked for wins. */
export class Lens {
  #status = $state.raw<Status<null>>({ kind: 'idle' })
  #reading = $state.raw<LensReading | null>(null)
  #run = 0

  get status(): Status<null> {
    return this.#status
  }

  /** The last one that was read, which stays until the next one is there. */
  get reading(): LensReading | null {
    return this.#reading
  }

  /** Whether what is shown is of this direction, read by this model. */
  isOf(by: Reader, direction: Direction): boolean {
    return this.#reading?.by === by && this.#reading.direction === direction
  }

  async read(by: Reader, direction: Direction, ends: Ends): Promise<void> {
    const run = ++this.#run
    this.#status = { kind: 'running', step: null }
    try {
      const [row] = await by.lens(direction.vector, { k: count })
      if (run !== this.#run) return
      this.#reading = row ? { ...row, direction, ends, by } : null
      this.#status = { kind: 'done' }
    } catch (error) {
      if (run === this.#run) this.#status = endOf(error)
    }
  }
}
