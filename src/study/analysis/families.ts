/** Which arms stand against which: the controls that a verdict asks for. */
import type { Family } from '../run'
import type { ControlCounts } from '../settings'

/** Every family, in the order in which findings list them. */
export const families: readonly Family[] = [
  'none',
  'own',
  'raw',
  'ablate',
  'norm-keeping',
  'middle',
  'all-layers',
  'carried',
  'random',
  'orthogonal',
  'in-subspace',
  'wrong-layer',
  'swapped',
  'sign',
  'rms-only',
  'wrong-source',
  'mapped-random',
  'mapped-orthogonal',
  'shuffled-pairing'
]

/** Other ways to write the same direction: no controls. */
export const modes: readonly Family[] = ['raw', 'ablate', 'norm-keeping', 'middle', 'all-layers']

/** A family and how many of its members a verdict asks for. */
export interface Requirement {
  readonly family: Family
  readonly members: number
}

/** Of an adapter that is not the first of its model. */
export function seedControls({ random, orthogonal }: ControlCounts): readonly Requirement[] {
  return [needs('random', random), needs('orthogonal', orthogonal)]
}

/** Of a model's primary adapter. `wrong-source` decides what the direction is about; the others whether it is the direction. */
export function withinControls(counts: ControlCounts): readonly Requirement[] {
  return [
    ...seedControls(counts),
    needs('in-subspace', counts.inSubspace),
    needs('wrong-layer', 1),
    needs('swapped', counts.swapped),
    needs('sign', 1),
    needs('rms-only', 1),
    needs('wrong-source', 1)
  ]
}

/** Of a direction that was carried from another model. */
export function crossControls(counts: ControlCounts): readonly Requirement[] {
  return [
    needs('mapped-random', counts.mappedRandom),
    needs('mapped-orthogonal', counts.mappedOrthogonal),
    needs('random', counts.random),
    needs('shuffled-pairing', counts.shuffledPairing),
    needs('rms-only', 1)
  ]
}

/** A family that a run was told to leave out is missing all the same. */
function needs(family: Family, members: number): Requirement {
  return { family, members: Math.max(1, members) }
}
