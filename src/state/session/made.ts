/** What a link says of the direction that it was made with, and whether one that was made again is the same. */
import type { Direction } from '../../direction/direction'

/** What a link says of the direction that it was made with, so that whoever makes it again can compare. */
export interface Made {
  /** The first digits of the SHA-256 of the hidden states that it was made from. */
  readonly sha256: string
  readonly gap: number
  readonly dtype: string
  readonly device: string
}

/** A fit, as far as it is compared. */
interface MadeSet {
  readonly directions: readonly Direction[]
  readonly model: { readonly dtype: string; readonly device: string }
}

/** As in links: `1a2b3c4d5e6f7a8b_3.21417_q4_wasm`; null where the set has no direction there. */
export function madeOf({ directions, model }: MadeSet, layer: number): string | null {
  const direction = directions.find((one) => one.layer === layer)
  if (!direction) return null
  const { dtype, device } = model
  return [direction.sha256.slice(0, 16), Number(direction.norm.toPrecision(6)), dtype, device].join('_')
}

/** @returns null for anything else than `madeOf` writes */
export function readMade(text: string | null): Made | null {
  const [, sha256, gap, dtype, device] = /^([0-9a-f]{16})_([-+.e\d]{1,24})_(\w{1,8})_(\w{1,8})$/.exec(text ?? '') ?? []
  if (sha256 === undefined || gap === undefined || dtype === undefined || device === undefined) return null
  return Number.isFinite(Number(gap)) ? { sha256, gap: Number(gap), dtype, device } : null
}

/** Whether the direction that was made here is the link's, in one sentence; null where there is nothing to compare. */
export function compareMade(asked: string, set: MadeSet, layer: number): Compared | null {
  const [theirs, own] = [readMade(asked), readMade(madeOf(set, layer))]
  if (!theirs || !own) return null
  const hash = theirs.sha256.slice(0, 8)
  if (theirs.sha256 === own.sha256) {
    return {
      isSame: true,
      sentence: `This is the direction of the link: its hidden states are the same to the bit (${hash}).`
    }
  }
  const place = ({ dtype, device }: Made): string => `${dtype} on ${device}`
  const where =
    place(theirs) === place(own)
      ? `both on ${place(own)}, so the model's files, the prompts or the computer's arithmetic differ`
      : `there ${place(theirs)}, here ${place(own)}`
  const sentence =
    `This direction was made by the link's recipe and is not the sender's to the bit (${hash} there, ` +
    `${own.sha256.slice(0, 8)} here): ${where}. The gap at layer ${layer} is ${theirs.gap} there, ${own.gap} here.`
  return { isSame: false, sentence }
}

export interface Compared {
  readonly isSame: boolean
  readonly sentence: string
}
