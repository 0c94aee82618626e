/** From two lists of milliseconds, measured in turns, to a row. */
import type { Row, Target } from './figure'
import { stats } from './tools/stats'

/** How many times faster `ours` is than `theirs`, from pairs of the same round. */
export function speedRow(name: string, ours: readonly number[], theirs: readonly number[], target: Target | null): Row {
  return row(name, ours, theirs, (mine, other) => other / mine, target)
}

/** How many times longer `ours` takes than `theirs`. */
export function costRow(name: string, ours: readonly number[], theirs: readonly number[], target: Target | null): Row {
  return row(name, ours, theirs, (mine, other) => mine / other, target)
}

function row(
  name: string,
  ours: readonly number[],
  theirs: readonly number[],
  ratio: (mine: number, other: number) => number,
  target: Target | null
): Row {
  const pairs = ours.slice(0, theirs.length).map((mine, i) => ratio(mine, theirs[i] ?? NaN))
  return { kind: 'ratio', name, ours: stats(ours), theirs: stats(theirs), ratio: stats(pairs), target }
}
