/** Which arms stand against which: the controls that each rung of the ladder asks for. */
import type { Family } from '../../run'
import type { ControlCounts } from '../../settings'

/** Every family, in the order in which findings list them. */
export const families: readonly Family[] = [
  'none',
  'own',
  'raw',
  'ablate',
  'norm-keeping',
  'middle',
  'all-layers',
  'prompted',
  'carried',
  'random',
  'orthogonal',
  'in-subspace',
  'swapped',
  'rms-only',
  'sign',
  'wrong-layer',
  'wrong-source',
  'mapped-random',
  'mapped-orthogonal',
  'shuffled-pairing'
]

/** Other ways to write the same direction: no controls. */
export const modes: readonly Family[] = ['raw', 'ablate', 'norm-keeping', 'middle', 'all-layers']

/** Random and orthogonal directions, which is what the source compared with; between models in the receiver and through the map. */
export const sourceFamilies: Readonly<Record<'within' | 'pair', readonly Family[]>> = {
  within: ['random', 'orthogonal'],
  pair: ['random', 'mapped-random', 'mapped-orthogonal']
}

/** What decides whether it is this direction, and not any vector of its length. */
export const directionFamilies: readonly Family[] = ['random', 'orthogonal', 'in-subspace', 'swapped', 'rms-only']
export const mapFamilies: readonly Family[] = ['mapped-random', 'mapped-orthogonal']
export const pairingFamilies: readonly Family[] = ['shuffled-pairing']

/** Families of controls within a model, whichever rung they belong to. */
export const withinFamilies: readonly Family[] = [...directionFamilies, 'sign', 'wrong-layer', 'wrong-source']
export const crossFamilies: readonly Family[] = ['random', 'rms-only', ...mapFamilies, ...pairingFamilies]

/** Families whose overlap with the direction disqualifies them: what a map or another adapter has in common with it is the finding. */
export const mustBeApart: readonly Family[] = ['random', 'orthogonal', 'in-subspace', 'swapped', 'wrong-layer']

/** A family and how many of its members a ladder asks for. */
export interface Requirement {
  readonly family: Family
  readonly members: number
}

/** Of an adapter that is not the first of its model. */
export function seedControls({ random, orthogonal }: ControlCounts): readonly Requirement[] {
  return [needs('random', random), needs('orthogonal', orthogonal)]
}

/** Of a model's primary adapter. Sign, wrong layer and other adapters have rungs of their own, which say where they are missing. */
export function withinControls(counts: ControlCounts): readonly Requirement[] {
  return [
    ...seedControls(counts),
    needs('in-subspace', counts.inSubspace),
    needs('swapped', counts.swapped),
    needs('rms-only', 1)
  ]
}

/** Of a direction that was carried from another model. */
export function crossControls(counts: ControlCounts): readonly Requirement[] {
  return [
    needs('random', counts.random),
    needs('rms-only', 1),
    needs('mapped-random', counts.mappedRandom),
    needs('mapped-orthogonal', counts.mappedOrthogonal),
    needs('shuffled-pairing', counts.shuffledPairing)
  ]
}

/** A family that a run was told to leave out is missing all the same. */
function needs(family: Family, members: number): Requirement {
  return { family, members: Math.max(1, members) }
}
