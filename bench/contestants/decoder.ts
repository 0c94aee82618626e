/** What every contestant of a decoding figure can do, whoever it is. */
import { median } from '../tools/stats'

export interface Decoder {
  /** Greedy. A prompt that was not seen before, and no more than `tokens` tokens. */
  decode(prompt: readonly number[], tokens: number): Promise<Timing>
  close(): Promise<void>
}

/** Milliseconds. */
export interface Timing {
  /** From the call to the first token. */
  readonly first: number
  /** From each token to the next. */
  readonly steps: readonly number[]
}

/** One repetition's number: the median step, since single steps are hit by the garbage collector and by other programs. */
export const step = (timing: Timing): number => median(timing.steps)

/** Times of the tokens, from the call on, as a timing. */
export function timing(began: number, arrivals: readonly number[]): Timing {
  const [first = NaN] = arrivals
  return { first: first - began, steps: arrivals.slice(1).map((time, i) => time - (arrivals[i] ?? NaN)) }
}

/** Closes all, also where one of them fails. */
export async function closeAll(decoders: readonly { close(): Promise<void> }[]): Promise<void> {
  await Promise.allSettled(decoders.map((decoder) => decoder.close()))
}
