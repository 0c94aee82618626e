/** What experiments run on: an open model, in the page or in Node, that is lent to one piece of work at a time. */
import type { AdapterChoice, ModelInfo } from '../lab/api'
import type { Lender } from '../lab/live/lent-model'

/** An open model. */
export interface Subject extends Lender {
  readonly name: string
  readonly info: ModelInfo
}

/** The same with an adapter that is loaded beside it, and how much of it. */
export interface Tuned {
  readonly subject: Subject
  readonly adapter: AdapterChoice
}

/** How a part of a long run is followed and stopped. */
export interface Job {
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}
