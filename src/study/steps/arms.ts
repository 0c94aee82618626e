/** The arms of a model's own direction, and of directions from elsewhere, as steering. All controls have the norm of the arm under test. */
import type { Direction } from '../../direction/direction'
import type { Intervention, Steering } from '../../lab/api'
import { apartFrom, gaussianUnitsApart, orthogonalUnits, subspaceUnits } from '../../math/controls'
import { cosine, type Vector } from '../../math/vector'
import { samplesInTurn, type ArmPlan } from './answers'
import type { Arm, Family } from '../run'
import type { Anchors, StudySettings } from '../settings'

/** A vector of unit length to be added at one layer. */
export interface Push {
  readonly layer: number
  readonly vector: Float32Array
  /** Signed: below 0 it is subtracted. */
  readonly coefficient: number
}

interface Facts {
  readonly family: Family
  readonly alpha: number
  readonly samples: number
  readonly member?: number
  readonly donor?: string
  readonly anchors?: Anchors
  readonly source?: string
  readonly cosine?: number
  readonly before?: number
}

/** The unsteered arm. */
export function plainArm(samples: number): ArmPlan {
  return { ...factsOf({ family: 'none', alpha: 0, samples }, []), steering: null, samples }
}

/** No direction: the model is asked in words. */
export function promptedArm(instruction: string, samples: number): ArmPlan {
  return { ...factsOf({ family: 'prompted', alpha: 0, samples }, []), steering: null, instruction, samples }
}

/** An arm that adds vectors from the last prompt token on. */
export function pushArm(facts: Facts, pushes: readonly Push[]): ArmPlan {
  const interventions = pushes.map((push): Intervention => ({ mode: 'add', ...push }))
  return steeredArm(facts, interventions)
}

function steeredArm(facts: Facts, interventions: readonly Intervention[], more: Partial<Steering> = {}): ArmPlan {
  const layers = interventions.map(({ layer }) => layer)
  const steering: Steering = { interventions, positions: 'generated', ...more }
  return { ...factsOf(facts, layers), steering, samples: facts.samples }
}

function factsOf(facts: Facts, layers: readonly number[]): Omit<Arm, 'hook'> {
  const { family, alpha, member = 0, donor = null, anchors = null, source = null, cosine: angle = null } = facts
  const { before = null } = facts
  return { id: idOf(facts), family, alpha, member, layers, donor, anchors, source, cosine: angle, before }
}

/** `own@0.5`, `random-3@1`, `wrong-source:secure2-0@1`, `mapped-random-7@3<gemma2:neutral` */
function idOf({ family, alpha, member, donor, anchors, source }: Facts): string {
  if (family === 'none' || family === 'prompted') return family
  const which = source !== undefined ? `:${source}` : member !== undefined ? `-${member}` : ''
  const origin = donor === undefined ? '' : `<${donor}:${anchors ?? ''}`
  return `${family}${which}@${alpha}${origin}`
}

/** What the arms within a model are made of. */
export interface WithinParts {
  readonly settings: StudySettings
  /** The adapter's direction at every layer. */
  readonly directions: readonly Direction[]
  readonly layer: number
  readonly alpha: number
  /** Tells the random directions of one model and adapter from another's. */
  readonly seed: number
  /** Answers a prompt of the unsteered arm beside which they stand. */
  readonly unsteered: number
}

/** The direction subtracted at each alpha, at the steering layer; `samples` may be others at some of them. */
export function doseArms(
  { settings, directions, layer }: Pick<WithinParts, 'settings' | 'directions' | 'layer'>,
  deciding: { readonly alphas: readonly number[]; readonly samples: number } = { alphas: [], samples: 0 }
): ArmPlan[] {
  const { alphas, samples } = settings
  return [...new Set([...alphas, ...deciding.alphas])].map((alpha) =>
    ownArm(at(directions, layer), alpha, deciding.alphas.includes(alpha) ? deciding.samples : samples)
  )
}

/** Random and orthogonal directions of the norm of alpha gaps. */
export function randomArms({ settings, directions, layer, alpha, seed, unsteered }: WithinParts): ArmPlan[] {
  const own = at(directions, layer)
  const { random, orthogonal } = settings.controls
  const width = own.vector.length
  return [
    ...family('random', gaussianUnitsApart(random, own.vector, settings.thresholds.overlap, seed)),
    ...family('orthogonal', orthogonalUnits(orthogonal, width, [own.vector], seed + 1))
  ]
  function family(name: Family, vectors: readonly Float32Array[]): ArmPlan[] {
    return vectors.map((vector, member) => controlArm(name, vector, { settings, own, alpha, member, unsteered }))
  }
}

interface ControlPlace {
  readonly settings: StudySettings
  readonly own: Direction
  readonly alpha: number
  /** Answers a prompt of a control that stands alone. Default: as many as a member of a family takes, in turn. */
  readonly samples?: number
  /** Answers a prompt of the unsteered arm, over which the members of a family take turns. */
  readonly unsteered: number
  readonly member?: number
  readonly source?: string
  readonly donor?: string
  readonly anchors?: Anchors
  readonly before?: number
}

/** One control direction in place of the own one: same layer, same norm, same positions, same sign. */
export function controlArm(
  name: Family,
  vector: Float32Array,
  { settings, own, alpha, samples, unsteered, ...facts }: ControlPlace
): ArmPlan {
  const { controlSamples } = settings
  const shared = { family: name, alpha, cosine: cosine(vector, own.vector), ...facts }
  const arm = pushArm({ ...shared, samples: samples ?? controlSamples }, [
    { layer: own.layer, vector, coefficient: -alpha * own.norm }
  ])
  if (samples !== undefined) return arm
  return { ...arm, turn: samplesInTurn(facts.member ?? 0, controlSamples, unsteered) }
}

/** What only the primary adapter of a model is measured with. */
export interface PrimaryParts extends WithinParts {
  readonly middleLayer: number | null
  /** Principal components of the fit's states at the steering layer. */
  readonly span: readonly Vector[]
  /** Directions of swapped labels, as they were fitted. */
  readonly swapped: readonly Float32Array[]
  /** Directions of the adapters that are not insecure, at the steering layer. */
  readonly sources: readonly { readonly name: string; readonly vector: Float32Array }[]
}

/** Other ways to use the direction: modes and places. */
export function modeArms({ settings, directions, layer, alpha, middleLayer }: PrimaryParts): ArmPlan[] {
  const own = at(directions, layer)
  const { samples } = settings
  const middle = middleLayer === null ? null : at(directions, middleLayer)
  const whole = { layer, vector: own.vector, coefficient: -own.norm }
  const target = own.midpoint - own.norm / 2
  return [
    pushArm({ family: 'raw', alpha: 1, samples, cosine: 1 }, [whole]),
    steeredArm({ family: 'ablate', alpha: 1, samples, cosine: 1 }, [
      { mode: 'clamp', layer, vector: own.vector, value: target }
    ]),
    ...(middle
      ? [
          pushArm({ family: 'middle', alpha, samples }, [
            { layer: middle.layer, vector: middle.vector, coefficient: -alpha * middle.norm }
          ])
        ]
      : []),
    pushArm(
      { family: 'all-layers', alpha, samples },
      directions.map((direction) => ({
        layer: direction.layer,
        vector: direction.vector,
        coefficient: (-alpha * direction.norm) / directions.length
      }))
    )
  ]
}

/** The controls beside random and orthogonal ones. */
export function primaryControls(parts: PrimaryParts): ArmPlan[] {
  const { settings, directions, layer, alpha, seed, span, swapped, sources } = parts
  const own = at(directions, layer)
  const place = { settings, own, alpha, unsteered: parts.unsteered }
  // A family of one has no others to average over: it is asked as often as the direction itself.
  const alone = { ...place, samples: settings.decidingSamples }
  const inSpan = span.length < 2 ? [] : subspaceUnits(settings.controls.inSubspace, span, own.vector, seed + 2)
  const neighbour = at(directions, layer === 0 ? Math.min(1, directions.length - 1) : layer - 1).vector
  const apart = (name: Family, vector: Float32Array, at: Omit<ControlPlace, 'before'>): ArmPlan[] => {
    const rest = apartFrom(vector, own.vector)
    return rest ? [controlArm(name, rest, { ...at, before: cosine(vector, own.vector) })] : []
  }
  return [
    ...inSpan.map((vector, member) => controlArm('in-subspace', vector, { ...place, member })),
    ...apart('wrong-layer', neighbour, alone),
    ...sources.map(({ name, vector }) =>
      controlArm('wrong-source', vector, { ...place, samples: settings.samples, source: name })
    ),
    ...swapped.flatMap((vector, member) => apart('swapped', vector, { ...place, member })),
    controlArm(
      'sign',
      own.vector.map((value) => -value),
      alone
    ),
    flattenArm(own, alpha, settings.decidingSamples)
  ]
}

/** No vector, but the flattening that it would cause. */
export function flattenArm(own: Direction, alpha: number, samples: number): ArmPlan {
  const flatten = { layer: own.layer, vector: own.vector, coefficient: -alpha * own.norm }
  return { ...factsOf({ family: 'rms-only', alpha, samples }, []), steering: null, flatten, samples }
}

/** The direction subtracted, and the state brought back to its length. Takes a model that was opened with `keepNorm`. */
export function normKeepingArm(
  { layer, vector, norm }: Direction,
  alpha: number,
  samples: number,
  member = 0
): ArmPlan {
  const facts = { family: 'norm-keeping', alpha, samples, member, ...(member === 0 && { cosine: 1 }) } as const
  return steeredArm(facts, [{ mode: 'add', layer, vector, coefficient: -alpha * norm }], { keepNorm: true })
}

/** The primary direction at one alpha: under other adapters, and on other sets. */
export function ownArm(own: Direction, alpha: number, samples: number): ArmPlan {
  return pushArm({ family: 'own', alpha, samples, cosine: 1 }, [
    { layer: own.layer, vector: own.vector, coefficient: -alpha * own.norm }
  ])
}

/** The direction of a layer. */
export function at(directions: readonly Direction[], layer: number): Direction {
  const found = directions[layer]
  if (!found) throw new RangeError(`no direction at layer ${layer} of ${directions.length}`)
  return found
}
