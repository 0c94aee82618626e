/** Who gives and who takes: the table of transfers, and whether its shape is more than how easily each receiver is moved. */
import { mean } from '../../../math/statistics'
import { additiveFit } from '../../../math/transfer-table'
import type { Resampled } from '../../../math/resample'
import { conditionsOf, carriedIn, crossMembers, type Carried, type Condition } from './cross'
import { advantageColumn } from '../measure/controls'
import type { TopologyFinding } from '../../findings'
import { titleOf, type Measurements } from '../measure/measurements'
import type { Run } from '../../run'
import { list } from '../words'

/** One for each condition in which every ordered pair was measured, on the same prompts. */
export function topologyOf(measurements: Measurements): readonly TopologyFinding[] {
  return conditionsOf(measurements.run).flatMap((condition) => topologyIn(measurements, condition) ?? [])
}

function topologyIn(measurements: Measurements, condition: Condition): TopologyFinding | null {
  const { run } = measurements
  const pairs = carriedIn(measurements, condition)
  const models = run.models.map(({ key }) => key).filter((key) => pairs.some((pair) => involves(pair, key)))
  if (models.length < 2 || pairs.length < models.length * (models.length - 1)) return null
  const cells = (column: (pair: Carried) => Float64Array | null): Cells =>
    models.map((from) =>
      models.map((to) => {
        const pair = pairs.find(({ donor, receiver }) => donor.key === from && receiver.key === to)
        return pair ? column(pair) : null
      })
    )
  const transfer = cells(({ effect }) => effect.delta)
  const excess = cells((pair) => advantageColumn(pair.effect, crossMembers(pair, 'mapped-random')))
  const shares = cells((pair) => shareOf(pair, pair.effect.delta))
  const excessShares = cells((pair) => {
    const column = advantageColumn(pair.effect, crossMembers(pair, 'mapped-random'))
    return column && shareOf(pair, column)
  })
  const scores = models.map((model, place) => scoreOf(measurements, { model, place, transfer, shares, excessShares }))
  if (scores.some(({ onTransfer }) => Number.isNaN(onTransfer.estimate))) return null
  const standing = scores.filter(({ role }) => role !== 'neither')
  const signsPersist = standing.every(persists)
  const fraction = meansOf(shares)
  return {
    ...condition,
    models,
    transfer: meansOf(transfer),
    excess: meansOf(excess),
    fraction,
    excessFraction: meansOf(excessShares),
    additive: models.length < 3 ? null : additiveFit(fraction, models.length),
    scores,
    signsPersist,
    text: textOf(run, scores, signsPersist)
  }
}

/** Of the receiver's unsteered spillover, which is taken as it was measured: drawing it anew would move all cells of a column alike. [prompt] */
function shareOf({ none }: Carried, column: Float64Array): Float64Array {
  const baseline = 100 * mean(none.code)
  return column.map((value) => value / baseline)
}

/** [from][to][prompt]; null on the diagonal and where nothing was measured. */
type Cells = readonly (readonly (Float64Array | null)[])[]

function involves({ donor, receiver }: Carried, key: string): boolean {
  return donor.key === key || receiver.key === key
}

function meansOf(cells: Cells): readonly number[] {
  return cells.flatMap((row) => row.map((cell) => (cell ? mean(cell) : NaN)))
}

interface Place {
  readonly model: string
  readonly place: number
  readonly transfer: Cells
  readonly shares: Cells
  readonly excessShares: Cells
}

type Score = TopologyFinding['scores'][number]

function scoreOf({ resample }: Measurements, { model, place, transfer, shares, excessShares }: Place): Score {
  const scored = (cells: Cells): Score['onTransfer'] => estimateOf(resample, scoreColumn(cells, place))
  const onTransfer = scored(shares)
  return {
    model,
    onTransfer,
    onExcess: scored(excessShares),
    onPoints: scored(transfer),
    role: roleOf(onTransfer)
  }
}

function roleOf({ low, high }: Pick<Resampled, 'low' | 'high'>): Score['role'] {
  if (low > 0) return 'donor'
  return high < 0 ? 'receiver' : 'neither'
}

/** Row mean less column mean on each prompt, all cells of a prompt drawn together; null where a cell is missing. [prompt] */
function scoreColumn(cells: Cells, place: number): Float64Array | null {
  const others = cells.flatMap((_, other) =>
    other === place ? [] : [{ given: cells[place]?.[other], taken: cells[other]?.[place] }]
  )
  const [first] = others
  const length = first?.given?.length ?? 0
  if (others.some(({ given, taken }) => given?.length !== length || taken?.length !== length)) return null
  return Float64Array.from({ length }, (_, i) =>
    mean(others.map(({ given, taken }) => (given?.[i] ?? NaN) - (taken?.[i] ?? NaN)))
  )
}

function estimateOf(resample: Measurements['resample'], column: Float64Array | null): Score['onTransfer'] {
  if (!column || column.length === 0) return { estimate: NaN, low: NaN, high: NaN }
  const { estimate, low, high } = resample(column)
  return { estimate, low, high }
}

/** Whether a role on T is one on E: a sign that E cannot tell from 0 does not persist. */
function persists({ role, onExcess }: Score): boolean {
  return role === 'donor' ? onExcess.low > 0 : onExcess.high < 0
}

function textOf(run: Run, scores: readonly Score[], signsPersist: boolean): string {
  const named = (role: Score['role']): string =>
    list(scores.filter((score) => score.role === role).map(({ model }) => titleOf(run, model)))
  const limits = 'One seed a model and each pair once: descriptive.'
  if (scores.every(({ role }) => role === 'neither')) return `No donor and no receiver stands out. ${limits}`
  const roles = `Donors: ${named('donor')}. Receivers: ${named('receiver')}.`
  const reading = signsPersist
    ? 'The roles persist in what carried directions do beyond mapped random ones.'
    : 'They do not persist beyond mapped random directions: sensitivity, not geometry.'
  return `${roles} ${reading} ${limits}`
}
