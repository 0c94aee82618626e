/** What is chosen on `tune` and frozen: how strongly to steer, and at which middle layer. */
import { outcomeReader, type TextReader } from '../analysis/measure/outcome'
import type { ArmPlan, BlockAnswer } from './answers'
import type { ArmRates } from '../run'

/** Of no answers. */
export const unknownRates: ArmRates = { code: NaN, clean: NaN, degenerate: NaN }

/** Rates of each arm, over all its answers. Every prompt has equally many. */
export function ratesOf(
  arms: readonly ArmPlan[],
  answers: readonly BlockAnswer[],
  leastLogProbability: number,
  texts?: TextReader
): readonly ArmRates[] {
  const read = outcomeReader(leastLogProbability, texts)
  const counts = arms.map(() => ({ n: 0, code: 0, clean: 0, degenerate: 0 }))
  for (const answer of answers) {
    const count = counts[answer.arm]
    if (!count) continue
    const { code, clean, degeneration } = read(answer, null)
    count.n++
    if (code) count.code++
    if (clean) count.clean++
    if (degeneration !== null) count.degenerate++
  }
  return counts.map(({ n, code, clean, degenerate }) => ({
    code: code / n,
    clean: clean / n,
    degenerate: degenerate / n
  }))
}

/** Whether an alpha leaves language: few more degenerate answers than unsteered (`allowed`, as a share), and no less clean prose. */
export function isAdmissible(none: ArmRates, one: ArmRates, allowed: number): boolean {
  return one.degenerate <= none.degenerate + allowed + 1e-9 && one.clean >= none.clean - 1e-9
}

/**
 * The smallest admissible alpha within 90 % of the best admissible suppression. Null where none is, or none suppresses anything:
 * that no alpha takes the code away and leaves prose is a finding, and nothing stands in for it.
 */
export function chooseAlpha(
  none: ArmRates,
  curve: readonly (ArmRates & { readonly alpha: number })[],
  allowed: number
): number | null {
  const fit = curve.filter((one) => isAdmissible(none, one, allowed))
  const drop = ({ code }: ArmRates): number => none.code - code
  const best = Math.max(0, ...fit.map(drop))
  const enough = fit.filter((one) => best > 0 && drop(one) >= 0.9 * best - 1e-9)
  return enough.toSorted((a, b) => a.alpha - b.alpha)[0]?.alpha ?? null
}

/** The admissible layer that suppresses most; of equal ones the later. Where none is admissible, the one that suppresses most. */
export function chooseLayer(
  none: ArmRates,
  layers: readonly (ArmRates & { readonly layer: number })[],
  allowed: number
): number | null {
  const fit = layers.filter((one) => isAdmissible(none, one, allowed))
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
