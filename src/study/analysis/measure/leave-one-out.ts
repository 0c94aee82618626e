/** Whether a result hangs on one question. */
import type { Measured } from './effects'
import type { LeaveOneOut, WithinFinding } from '../../findings'
import { isAt, select, type Measurements } from './measurements'

/** For each finding: delta on each prompt alone, and on all the others. In points, `[prompt]` in the order of the set. */
export function leaveOneOut({ armsOf }: Measurements, within: readonly WithinFinding[]): readonly LeaveOneOut[] {
  return within.flatMap(({ model, adapter, alpha }) => {
    const [effect] = select(armsOf(model, adapter, 'eval'), 'within', (arm) => arm.family === 'own' && isAt(arm, alpha))
    return effect ? [{ model, adapter, ...apart(effect) }] : []
  })
}

function apart({ delta }: Measured): Pick<LeaveOneOut, 'alone' | 'without'> {
  const sum = delta.reduce((total, value) => total + value, 0)
  const alone = [...delta]
  return { alone, without: alone.map((value) => (sum - value) / (delta.length - 1)) }
}
