import { describe, expect, it } from 'vitest'
import { lists } from '../../src/direction/contrast'
import { extract } from '../../src/direction/extract'
import { steeringBy } from '../../src/lab/steering'
import { planted } from '../direction/planted'

describe('steeringBy', () => {
  it('adds the whole mean difference at alpha 1, shared out over layers', async () => {
    const directions = await extract(lists(planted(9, 1, 1), planted(9, 0, 2)))
    const sum = (count: number): readonly number[] =>
      steeringBy(directions.slice(0, count), { mode: 'add', alpha: 1, positions: 'all' }).interventions.map((one) =>
        one.mode === 'add' ? one.coefficient : Number.NaN
      )
    expect(sum(1)).toEqual([directions[0]?.norm])
    expect(sum(3)).toEqual(directions.map(({ norm }) => (1 / 3) * norm))
  })

  it('clamps to the positive mean at alpha 0.5, and ablates whatever alpha is', async () => {
    const [direction] = await extract(lists(planted(9, 1, 1), planted(9, 0, 2)))
    if (!direction) throw new Error('no direction')
    const { layer, vector, midpoint, norm } = direction
    const by = (mode: 'clamp' | 'ablate') => steeringBy([direction], { mode, alpha: 0.5, positions: 'generated' })
    expect(by('clamp').interventions).toEqual([{ mode: 'clamp', layer, vector, value: midpoint + norm / 2 }])
    expect(by('ablate')).toEqual({ interventions: [{ mode: 'ablate', layer, vector }], positions: 'generated' })
  })
})
