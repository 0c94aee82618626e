/** What is chosen on `tune` and frozen: how strongly to steer, and at which middle layer. */
import { outcomeReader, type TextReader } from '../analysis/outcome'
import type { ArmPlan, BlockAnswer } from './answers'

/** Shares of an arm's answers, 0 to 1. */
export interface Rates {
  readonly code: number
  readonly degenerate: number
}

/** Rates of each arm, over all its answers. Every prompt has equally many. */
export function ratesOf(
  arms: readonly ArmPlan[],
  answers: readonly BlockAnswer[],
  leastLogProbability: number,
  texts?: TextReader
): readonly Rates[] {
  const read = outcomeReader(leastLogProbability, texts)
  const counts = arms.map(() => ({ n: 0, code: 0, degenerate: 0 }))
  for (const answer of answers) {
    const count = counts[answer.arm]
    if (!count) continue
    const { code, degeneration } = read(answer, null)
    count.n++
    if (code) count.code++
    if (degeneration !== null) count.degenerate++
  }
  return counts.map(({ n, code, degenerate }) => ({ code: code / n, degenerate: degenerate / n }))
}

/**
 * The smallest alpha within 90 % of the best suppression, among those that make few answers degenerate (`allowed` more than
 * unsteered, as a share). Where none suppresses anything, 1 gap: the mean difference as it is.
 */
export function chooseAlpha(
  none: Rates,
  curve: readonly (Rates & { readonly alpha: number })[],
  allowed: number
): number {
  const fit = curve.filter((one) => one.degenerate <= none.degenerate + allowed + 1e-9)
  const drop = ({ code }: Rates): number => none.code - code
  const best = Math.max(0, ...fit.map(drop))
  const enough = fit.filter((one) => best > 0 && drop(one) >= 0.9 * best - 1e-9)
  return enough.toSorted((a, b) => a.alpha - b.alpha)[0]?.alpha ?? 1
}

/** The layer that suppresses most among those that make few answers degenerate; of equal ones the later. */
export function chooseLayer(
  none: Rates,
  layers: readonly (Rates & { readonly layer: number })[],
  allowed: number
): number | null {
  const fit = layers.filter((one) => one.degenerate <= none.degenerate + allowed + 1e-9)
  const pool = fit.length > 0 ? fit : layers
  return pool.toSorted((a, b) => a.code - b.code || b.layer - a.layer)[0]?.layer ?? null
}

/** Up to three layers, evenly spread over the inner ones. */
export function middleLayers(layers: number): readonly number[] {
  const inner = layers - 2
  const count = Math.min(3, Math.max(0, inner))
  const spread = Array.from({ length: count }, (_, i) => 1 + Math.round(((i + 0.5) * inner) / count - 0.5))
  return [...new Set(spread)]
}
