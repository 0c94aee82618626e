/** Directions that come from another model: through a ridge map, and through the same map the controls of it. */
import type { Direction } from '../../direction/direction'
import type { HiddenStates } from '../../direction/hidden-states'
import { mapTask, shuffledPairing, type MapTask } from '../../direction/carry'
import { gaussianUnits, gaussianUnitsApart, orthogonalUnits } from '../../math/controls'
import * as ridge from '../../math/ridge'
import { cosine, unit } from '../../math/vector'
import { controlArm, flattenArm, plainArm, pushArm } from './arms'
import type { ArmPlan } from './answers'
import type { MapRecord } from '../run'
import { judgedAlphas, type Anchors, type StudySettings } from '../settings'
import type { Study } from '../study'
import { readOrNull } from '../../formats/schema'
import { mapRecord } from '../files/run-document'
import { hasFloats, whole } from './whole'

/** A model as a donor and as a receiver. */
export interface TransferSide {
  readonly key: string
  /** The primary direction at the steering layer. */
  readonly own: Direction
  /** Of the base at the steering layer, as layer 0, for each set of anchors. */
  readonly anchors: Readonly<Partial<Record<Anchors, HiddenStates>>>
}

/** What one map carries, each of unit length in the receiver. */
export interface Carried {
  readonly record: MapRecord
  readonly own: Float32Array
  readonly random: readonly Float32Array[]
  readonly orthogonal: readonly Float32Array[]
  /** The donor's direction through maps of shuffled pairs. */
  readonly shuffled: readonly Float32Array[]
}

/** Fits the map of an ordered pair and takes the donor's direction and its controls through it. */
export async function carryOver(
  study: Study,
  donor: TransferSide,
  receiver: TransferSide,
  anchors: Anchors
): Promise<Carried> {
  const place = {
    stage: 'maps',
    model: receiver.key,
    adapter: null,
    text: `map from ${donor.key}, ${anchors}`
  } as const
  const width = receiver.own.vector.length
  const { mappedRandom, mappedOrthogonal, shuffledPairing: shuffled } = study.settings.controls
  const count = 1 + mappedRandom + mappedOrthogonal + shuffled
  const entry = await study.cell(
    place,
    `maps/${donor.key}/${receiver.key}/${anchors}`,
    0,
    async () => {
      const made = await fit(study, donor, receiver, anchors)
      const vectors = [made.own, ...made.random, ...made.orthogonal, ...made.shuffled]
      return { json: made.record, floats: Float32Array.from(vectors.flatMap((vector) => [...vector])) }
    },
    (known) => readRecord(known.json, mappedRandom) !== null && hasFloats(known, count * width)
  )
  const vectors = Array.from({ length: count }, (_, i) =>
    (entry.floats ?? new Float32Array()).slice(i * width, (i + 1) * width)
  )
  return {
    record: whole(readRecord(entry.json, mappedRandom), `maps/${donor.key}/${receiver.key}/${anchors}`),
    own: vectors[0] ?? new Float32Array(),
    random: vectors.slice(1, 1 + mappedRandom),
    orthogonal: vectors.slice(1 + mappedRandom, 1 + mappedRandom + mappedOrthogonal),
    shuffled: vectors.slice(1 + mappedRandom + mappedOrthogonal)
  }
}

/** What is told of a map, with the cosine of each random direction; null for anything else. */
function readRecord(json: unknown, random: number): MapRecord | null {
  const record = readOrNull(mapRecord, json)
  return record?.randomCosines.length === random ? record : null
}

async function fit(study: Study, donor: TransferSide, receiver: TransferSide, anchors: Anchors): Promise<Carried> {
  const { controls, seed } = study.settings
  const task = taskOf(donor, receiver, anchors)
  const job = study.signal ? { signal: study.signal } : {}
  const map = await study.lab.math.ridge(task.donor.rows, task.receiver.rows, { seed }, job)
  const through = (vectors: readonly Float32Array[]): Float32Array[] => vectors.map((vector) => image(map, vector))
  const width = donor.own.vector.length
  const own = image(map, donor.own.vector)
  const random = through(gaussianUnits(controls.mappedRandom, width, seed + 11))
  const orthogonal = through(orthogonalUnits(controls.mappedOrthogonal, width, [donor.own.vector], seed + 12))
  const shuffled: Float32Array[] = []
  for (let i = 0; i < controls.shuffledPairing; i++) {
    const other = shuffledPairing(taskOf(donor, receiver, anchors), seed + 13 + i)
    // The ridge of the true pairs: a map of noise would choose the largest one and carry nothing at all.
    const options = { seed, lambdas: [map.lambda0] }
    const broken = await study.lab.math.ridge(other.donor.rows, other.receiver.rows, options, job)
    shuffled.push(image(broken, donor.own.vector))
  }
  const record: MapRecord = {
    donor: donor.key,
    receiver: receiver.key,
    anchors,
    n: map.n,
    lambda0: map.lambda0,
    r2: map.r2,
    curve: map.curve,
    cosine: cosine(own, receiver.own.vector),
    randomCosines: random.map((vector) => cosine(vector, receiver.own.vector))
  }
  return { record, own, random, orthogonal, shuffled }
}

function image(map: ridge.RidgeMap, vector: Float32Array): Float32Array {
  return unit(Float32Array.from(ridge.carry(map, vector)))
}

/** Rows of their own each time, since the math worker takes them along. */
function taskOf(donor: TransferSide, receiver: TransferSide, anchors: Anchors): MapTask {
  return mapTask(sideOf(donor, anchors), sideOf(receiver, anchors))
}

function sideOf({ anchors, key }: TransferSide, which: Anchors): { states: HiddenStates; layer: number } {
  const states = anchors[which]
  if (!states) throw new RangeError(`no ${which} anchors of ${key}`)
  return { states, layer: 0 }
}

/** All arms of a receiver: unsteered, its own controls, and for each donor and set of anchors what the map carries. */
export function transferArms(
  settings: StudySettings,
  own: Direction,
  carried: readonly Carried[],
  seed: number
): ArmPlan[] {
  const { samples, decidingSamples, controls, verdictAlphas, carriedAlphas } = settings
  const judgedAt = (anchors: Anchors): readonly number[] => judgedAlphas(settings, anchors)
  const place = { settings, own, unsteered: decidingSamples }
  const random = gaussianUnitsApart(controls.random, own.vector, settings.thresholds.overlap, seed)
  return [
    plainArm(decidingSamples),
    ...verdictAlphas.flatMap((alpha) => [
      ...random.map((vector, member) => controlArm('random', vector, { ...place, alpha, member })),
      flattenArm(own, alpha, decidingSamples)
    ]),
    ...carried.flatMap((one) => {
      const { donor, anchors } = one.record
      const carriedArms = carriedAlphas.map((alpha) =>
        pushArm(
          {
            family: 'carried',
            alpha,
            samples: judgedAt(anchors).includes(alpha) ? decidingSamples : samples,
            donor,
            anchors,
            cosine: one.record.cosine
          },
          [{ layer: own.layer, vector: one.own, coefficient: -alpha * own.norm }]
        )
      )
      const control = (
        name: 'mapped-random' | 'mapped-orthogonal' | 'shuffled-pairing',
        vectors: readonly Float32Array[]
      ) =>
        judgedAt(anchors).flatMap((alpha) =>
          vectors.map((vector, member) => controlArm(name, vector, { ...place, alpha, member, donor, anchors }))
        )
      return [
        ...carriedArms,
        ...control('mapped-random', one.random),
        ...control('mapped-orthogonal', one.orthogonal),
        ...control('shuffled-pairing', one.shuffled)
      ]
    })
  ]
}
