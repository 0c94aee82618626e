/** Hidden states of one layer on their first two principal components: how much of their spread two numbers show. */
import { LabError } from '../errors'
import { principalComponents } from '../math/components'
import { meanRow, rowOf, type DoubleRows, type Rows } from '../math/rows'
import { dot, length } from '../math/vector'
import { layerOf, type HiddenStates } from './hidden-states'

/** Rows that the components are found on at most: their Gram matrix takes the cube of it. */
export const mostComponentRows = 256

export interface ScatterPoint {
  /** Index of the capture, and of the row in it. */
  readonly group: number
  readonly row: number
  /** Projections on the two components, from the mean of all rows. In the hidden states' own units. */
  readonly x: number
  readonly y: number
  /** |h| */
  readonly norm: number
}

export interface Scatter {
  readonly layer: number
  readonly points: readonly ScatterPoint[]
  /** Share of all rows' variance along each component, 0 to 1. */
  readonly explained: readonly [number, number]
  /** Rows that the components were found on, of `points.length`. */
  readonly fitted: number
}

/**
 * All rows of a layer of several captures, on the components of them together. Each component points so that the first
 * capture lies on its lower side, or, with one capture, so that its largest weight is positive: layers can be compared.
 * @throws LabError `shape` for captures of different widths or depths, or without rows
 */
export function scatter(groups: readonly HiddenStates[], layer: number): Scatter {
  const rows = stackLayer(groups, layer)
  const centre = meanRow(rows)
  const fitted = evenRows(rows, mostComponentRows)
  const components = principalComponents(fitted, 2)
  const firstMean = groups.length > 1 && groups[0] ? meanRow(layerOf(groups[0], layer)) : null
  const axes = [0, 1].map((index) => {
    const component = components[index] ?? new Float64Array(rows.width)
    const sign = firstMean ? -(dot(component, firstMean) - dot(component, centre)) : largest(component)
    return { component, sign: sign < 0 ? -1 : 1, origin: dot(component, centre) }
  })
  const places = Array.from({ length: rows.rows }, (_, row) =>
    axes.map(({ component, sign, origin }) => sign * (dot(rowOf(rows, row), component) - origin))
  )
  const total = places.reduce((sum, _, row) => sum + squaredDistance(rowOf(rows, row), centre), 0)
  const share = (axis: number): number =>
    total > 0 ? places.reduce((sum, place) => sum + (place[axis] ?? 0) ** 2, 0) / total : 0
  const owners = groups.flatMap((group, index) =>
    Array.from({ length: group.rows }, (_, row) => ({ group: index, row }))
  )
  const points = owners.map((owner, index) => {
    const [x = 0, y = 0] = places[index] ?? []
    return { ...owner, x, y, norm: length(rowOf(rows, index)) }
  })
  return { layer, points, explained: [share(0), share(1)], fitted: fitted.rows }
}

function stackLayer(groups: readonly HiddenStates[], layer: number): DoubleRows {
  const [first] = groups
  if (!first) throw new LabError('shape', 'there is no capture to draw; capture a prompt set first')
  const odd = groups.find(({ width, layers }) => width !== first.width || layers !== first.layers)
  if (odd) {
    const shapes = `${first.layers} layers of width ${first.width} and ${odd.layers} of ${odd.width}`
    throw new LabError('shape', `captures have ${shapes}; compare captures of one model`)
  }
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  const data = new Float64Array(rows * first.width)
  let start = 0
  for (const group of groups) {
    const part = layerOf(group, layer)
    data.set(part.data, start)
    start += part.data.length
  }
  return { data, rows, width: first.width }
}

/** So many rows, evenly over all of them; all where there are no more. */
function evenRows(rows: DoubleRows, most: number): Rows {
  if (rows.rows <= most) return rows
  const data = new Float64Array(most * rows.width)
  for (let i = 0; i < most; i++) data.set(rowOf(rows, Math.floor((i * rows.rows) / most)), i * rows.width)
  return { data, rows: most, width: rows.width }
}

/** The weight of largest size, with its sign. */
function largest(component: Float64Array): number {
  return component.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0)
}

function squaredDistance(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += ((a[i] ?? 0) - (b[i] ?? 0)) ** 2
  return sum
}
