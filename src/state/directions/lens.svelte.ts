import type { Direction } from '../../direction/direction'
import type { LensRow } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect'
import { endOf, type Status } from '../status'

/** Tokens on each side. */
const count = 10

/** A direction read through the model's own final norm and unembedding. */
export interface LensReading extends LensRow {
  readonly direction: Direction
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

  async read(handle: Pick<ModelHandle, 'lens'>, direction: Direction): Promise<void> {
    const run = ++this.#run
    this.#status = { kind: 'running', step: null }
    try {
      const [row] = await handle.lens(direction.vector, { k: count })
      if (run !== this.#run) return
      this.#reading = row ? { ...row, direction } : null
      this.#status = { kind: 'done' }
    } catch (error) {
      if (run === this.#run) this.#status = endOf(error)
    }
  }
}
