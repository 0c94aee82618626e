/** What is left of an effect when only the angle of the hidden state changes: a verdict of its own. */
import type { NormKeeping } from '../../findings'
import { comparableRoom } from '../ladder/evidence'
import type { Measured } from '../measure/effects'
import { isAt, select, type Measurements } from '../measure/measurements'
import { percent, pointsWithin } from '../words'

interface Place {
  readonly arms: readonly Measured[]
  readonly alpha: number
}

/** One a layer at which lengths were kept. */
export function normKeepingOf({ run, resultOf }: Measurements, { arms, alpha }: Place): readonly NormKeeping[] {
  const { margin } = run.settings.thresholds
  const kept = select(arms, 'within', (arm) => arm.family === 'norm-keeping' && isAt(arm, alpha))
  return kept.map((one) => {
    const [layer = -1] = one.arm.layers
    const [whole] = select(
      arms,
      'within',
      (arm) =>
        (arm.family === 'own' || arm.family === 'middle') &&
        arm.layers.length === 1 &&
        arm.layers[0] === layer &&
        isAt(arm, alpha)
    )
    const result = resultOf(one)
    const before = whole ? resultOf(whole) : null
    return { layer, kept: result, whole: before, ...said(result.delta, before?.delta.estimate ?? NaN, margin, layer) }
  })
}

function said(
  delta: NormKeeping['kept']['delta'],
  whole: number,
  margin: number,
  layer: number
): Pick<NormKeeping, 'found' | 'text'> {
  const share = delta.estimate / whole
  const text = `At layer ${layer} the angle alone takes away ${pointsWithin(delta)}${
    Number.isFinite(share) ? `, ${percent(share)} of what the direction does` : ''
  }.`
  if (delta.low > margin && !(share < 0.5)) return { found: 'angle', text }
  if (delta.high < margin + comparableRoom) return { found: 'length', text }
  return { found: 'unresolved', text }
}
