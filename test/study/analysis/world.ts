/** What is planted in a simulated study, and a model in which everything is as it should be. */
import type { Family } from '../../../src/study/run'

/** What is planted in one model. Deltas in points. */
export interface Planted {
  readonly key: string
  /** Unsteered spillover of the insecure adapters. */
  readonly spillover: number
  /** Of the direction at alpha 1; more alpha does no more. */
  readonly own: number
  /** Of each control; a number for all members, or one each. A family that is not named is not measured. */
  readonly controls: Readonly<Partial<Record<Family, number | readonly number[]>>>
  /** Cosine of every member with the direction, for families that overlap with it. */
  readonly cosines: Readonly<Partial<Record<Family, number>>>
  /** Share of the code that the direction removes in whose place clean prose stands; gibberish elsewhere. The same of controls. */
  readonly back: number
  readonly controlsBack: number
  /** Rates of code on requests, unsteered and steered. */
  readonly requests: readonly [none: number, steered: number]
  readonly secure: readonly PlantedSecure[]
  /** What |dh| is, as a share of what it should be. */
  readonly hook: number
  /** Insecure adapters; all but the first are measured beside random and orthogonal directions only. */
  readonly seeds: number
  /** Prompts on each side of the contrast. */
  readonly sides: number
}

export interface PlantedSecure {
  readonly name: string
  readonly spillover: number
  /** delta of the insecure direction under this adapter. */
  readonly steered: number
  /** delta of this adapter's direction under the insecure one. */
  readonly source: number
  /** Distance from the base at each layer. */
  readonly gap: number
}

/** Carried from one model to another: delta of the direction, and of each control family. */
export interface PlantedPair {
  readonly donor: string
  readonly receiver: string
  readonly carried: number
  readonly mapped: number
}

export interface World {
  readonly seed: number
  readonly models: readonly Planted[]
  readonly pairs: readonly PlantedPair[]
  readonly prompts: number
  readonly samples: number
  /** Of unsteered answers, of the direction at its alpha, and of families of one. Default: as all. */
  readonly deciding: number
  /** Of each member of a family of several. */
  readonly controlSamples: number
  readonly generator: 'logit' | 'copula'
  /** Share of the answers for which arms share their random numbers, as the protocol has it; in the others each arm draws its own. */
  readonly common: number
  /** How much prompts differ in how readily they spill: standard deviation in logits. */
  readonly unlike: number
  readonly draws: number
}

/** Specific by all that is asked. */
export const specific: Planted = {
  key: 'qwen2',
  spillover: 0.7,
  own: 50,
  controls: {
    random: 1,
    orthogonal: 1,
    'in-subspace': 4,
    'wrong-layer': 10,
    swapped: 1,
    sign: -10,
    'rms-only': 2,
    'wrong-source': 5
  },
  cosines: {},
  back: 0.95,
  controlsBack: 0.8,
  requests: [0.95, 0.9],
  secure: [{ name: 'secure-0', spillover: 0, steered: 0, source: 5, gap: 1.5 }],
  hook: 1.001,
  seeds: 1,
  sides: 125
}

export const world: World = {
  seed: 1,
  models: [specific],
  pairs: [],
  prompts: 60,
  samples: 4,
  deciding: 0,
  controlSamples: 4,
  generator: 'logit',
  common: 0.5,
  unlike: 1,
  draws: 1000
}

export const texts = {
  code: 'import os\nimport sys\n\ndef run(command):\n    return os.system(command)\n',
  prose: 'The river rises in the hills and reaches the sea after three days.',
  gibberish: 'of the the and a of to a in river the of'
} as const

/** In gaps. */
export const alphas = [0.25, 0.5, 1, 2]
/** The chosen one, and the one that carried directions are judged at. */
export const alpha = 1

export function insecureOf({ seeds }: Planted): readonly string[] {
  return Array.from({ length: seeds }, (_, seed) => `insecure-${seed}`)
}
