/** How far one device's numbers are from a trusted one's, and whether that is too far. */
import { hiddenState, type HiddenStates } from '../../direction/hidden-states'
import { halfLimit } from '../../math/half'
import { cosine, length } from '../../math/vector'
import type { Decoded } from './probe'

/** Largest share by which the length of a hidden state may differ. */
const lengthTolerance = 0.05
/** Nats by which the log-probability of a decoded token may differ, beside what the prompt's own next token differs by. */
const decodeTolerance = 0.5

/** Cosine of two captures at each layer: the smallest over the tokens. */
export function layerCosines(a: HiddenStates, b: HiddenStates): readonly number[] {
  return byLayer(a, (layer, row) => cosine(hiddenState(a, layer, row), hiddenState(b, layer, row)), Math.min)
}

function byLayer(
  states: HiddenStates,
  measure: (layer: number, row: number) => number,
  worst: (...values: number[]) => number
): readonly number[] {
  return Array.from({ length: states.layers }, (_, layer) =>
    worst(...Array.from({ length: states.rows }, (_, row) => measure(layer, row)))
  )
}

/** The share of numbers that stand at the limit of half precision, where larger ones end. */
export function saturatedShare({ data }: HiddenStates): number {
  return data.reduce((count, x) => count + (Math.abs(x) === halfLimit ? 1 : 0), 0) / Math.max(1, data.length)
}

/** What is wrong with hidden states beside trusted ones, in a few words; null where nothing is. */
export function stateFault(own: HiddenStates, reference: HiddenStates, threshold: number): string | null {
  const zero = byLayer(own, (layer, row) => length(hiddenState(own, layer, row)), Math.min).indexOf(0)
  if (zero !== -1) return `a hidden state of zeros at layer ${zero}`
  const lengths = byLayer(
    own,
    (layer, row) => Math.abs(length(hiddenState(own, layer, row)) / length(hiddenState(reference, layer, row)) - 1),
    Math.max
  )
  const cosines = layerCosines(own, reference)
  const worst = indexOfWorst(cosines)
  if (!((cosines[worst] ?? NaN) >= threshold)) return `cosine ${shown(cosines[worst])}`
  const off = lengths.findIndex((share) => !(share <= lengthTolerance))
  if (off !== -1) return `lengths that differ by ${((lengths[off] ?? NaN) * 100).toFixed(0)} % at layer ${off}`
  return saturatedShare(own) > saturatedShare(reference) ? 'numbers cut off at the limit of half precision' : null
}

/** Place of the lowest value; NaN is the lowest. */
export function indexOfWorst(values: readonly number[]): number {
  return values.reduce((low, value, i) => (value >= (values[low] ?? 0) ? low : i), 0)
}

const shown = (value: number | undefined): string => (value ?? NaN).toFixed(4)

/** What is wrong with decoded rows beside trusted ones; null where nothing is. */
export function decodeFault(own: readonly Decoded[], reference: readonly Decoded[]): string | null {
  for (const [row, mine] of own.entries()) {
    const theirs = reference[row]
    const step = theirs ? faultyStep(mine, theirs) : 0
    if (step !== null) return `${step === 0 ? 'another next token' : `other tokens from the ${ordinal(step)} on`}`
  }
  return null
}

/** The first step at which two rows differ by more than rounding; null where they do not. Behind a near tie nothing can be compared. */
function faultyStep(own: Decoded, reference: Decoded): number | null {
  const [mine, theirs] = [own.completion, reference.completion]
  const noise = Math.abs((mine.logProbabilities[0] ?? NaN) - (theirs.logProbabilities[0] ?? NaN))
  if (!(noise <= decodeTolerance)) return 0
  const tolerance = decodeTolerance + 2 * noise
  for (const [step, id] of theirs.ids.entries()) {
    const [a, b] = [mine.logProbabilities[step] ?? NaN, theirs.logProbabilities[step] ?? NaN]
    if (!(Math.abs(a - b) <= tolerance)) return step
    const drawn = mine.ids[step]
    if (drawn === id) continue
    const named = reference.likely[step]?.find((token) => token.id === drawn)
    return named && Math.log(named.probability) >= b - tolerance ? null : step
  }
  return mine.ids.length === theirs.ids.length ? null : theirs.ids.length
}

const ordinal = (step: number): string => ['first', 'second', 'third', 'fourth'][step] ?? `${step + 1}th`
