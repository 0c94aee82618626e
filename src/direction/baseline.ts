/** Contrasts that should separate nothing, or nothing but what a nuisance explains. Each is a contrast like any other. */
import { LabError } from '../errors'
import { seeded, shuffled } from '../math/random'
import { byPrompt, type Contrast } from './contrast'
import { selectRows, type HiddenStates } from './hidden-states'
import { joinHiddenStates } from './join'
import { makeTask, swapLabels } from './task'

/** The labels of half of the prompts swapped where the sides share them, else shuffled: what is left to find is chance. */
export function shuffledContrast(contrast: Contrast, seed: number): Contrast {
  const { positive, negative, ...rest } = byPrompt(contrast)
  const task = makeTask({ positive, negative, ...rest })
  const labels = swapLabels(task, new Int32Array(task.labels.length), seeded(seed), true)
  const joined = joinHiddenStates([positive, { ...negative, model: positive.model }])
  const all = rest.samePrompts ? { ...joined, prompt: [...positive.prompt, ...negative.prompt] } : joined
  const side = (sign: number): HiddenStates => {
    const rows = [...labels.keys()].filter((row) => labels[row] === sign)
    return selectRows(
      all,
      rows.sort((a, b) => (all.prompt[a] ?? a) - (all.prompt[b] ?? b))
    )
  }
  return { ...rest, positive: side(1), negative: side(-1) }
}

/**
 * As many prompts of each side as can be paired with one of equal length on the other: what still separates is not
 * length. `lengths` has one number (of tokens, mostly) a prompt of each side, in the order of the captures; a pair differs
 * by at most `tolerance` of the longer one.
 * @throws LabError `shape` where fewer than 2 pairs are found, or the numbers are not one a prompt
 */
export function lengthMatched(
  contrast: Contrast,
  lengths: { readonly positive: readonly number[]; readonly negative: readonly number[] },
  { tolerance = 0.1, seed = 0 } = {}
): Contrast {
  const { positive, negative, ...rest } = byPrompt(contrast)
  if (lengths.positive.length !== positive.rows || lengths.negative.length !== negative.rows) {
    const got = `${lengths.positive.length} and ${lengths.negative.length} lengths`
    throw new LabError('shape', `${got} for ${positive.rows} and ${negative.rows} prompts; give one for each`)
  }
  const pairs = matchLengths(lengths.positive, lengths.negative, tolerance, seed)
  if (pairs.length < 2) {
    throw new LabError('shape', `${pairs.length} pairs of equal length; use lists whose lengths overlap`)
  }
  const rows = (side: 0 | 1): number[] => pairs.map((pair) => pair[side]).sort((a, b) => a - b)
  return { ...rest, positive: selectRows(positive, rows(0)), negative: selectRows(negative, rows(1)) }
}

/** Pairs of indices whose lengths are near; each of `a`, in random order, takes the nearest of `b` that is left. */
function matchLengths(
  a: readonly number[],
  b: readonly number[],
  tolerance: number,
  seed: number
): readonly (readonly [number, number])[] {
  const left = new Set(b.keys())
  const pairs: [number, number][] = []
  for (const i of shuffled([...a.keys()], seeded(seed))) {
    const own = a[i] ?? 0
    const off = (j: number): number => Math.abs((b[j] ?? 0) - own)
    const nearest = [...left].reduce((best, j) => (best < 0 || off(j) < off(best) ? j : best), -1)
    if (nearest < 0 || off(nearest) > tolerance * Math.max(own, b[nearest] ?? 0)) continue
    left.delete(nearest)
    pairs.push([i, nearest])
  }
  return pairs
}
