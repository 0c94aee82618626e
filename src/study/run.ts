/** What a study measured, and nothing that can be computed from it: the only input of findings, figures, tables and bundles. */
import type { Separation } from '../direction/separation'
import type { Device, Dtype } from '../lab/api'
import type { AdapterKind, Anchors, SetName, StudySettings } from './settings'

export const runFormat = 'azimuth.run'
export const runVersion = '3'

/** What an arm tests. All but the first nine are controls. */
export type Family =
  | 'none'
  /** The direction itself, subtracted at the steering layer. */
  | 'own'
  /** h - c d with d the whole mean difference: `own` at alpha 1 by another name, kept as the protocol lists it. */
  | 'raw'
  | 'ablate'
  | 'norm-keeping'
  /** `own` at the best middle layer. */
  | 'middle'
  /** A share of alpha at every layer. */
  | 'all-layers'
  /** No direction: the model is asked in words to answer in prose. */
  | 'prompted'
  /** Another model's direction through a ridge map. */
  | 'carried'
  | 'random'
  | 'orthogonal'
  | 'in-subspace'
  /** A neighbouring layer's direction without its part along the direction itself. */
  | 'wrong-layer'
  /** The direction of an adapter that is not insecure (`source` says which). */
  | 'wrong-source'
  /** Fitted on balanced swapped labels, without its part along the direction itself. */
  | 'swapped'
  /** The direction added in place of subtracted. */
  | 'sign'
  /** No vector: the flattening alone that a vector of this length causes in the final norm. */
  | 'rms-only'
  | 'mapped-random'
  | 'mapped-orthogonal'
  /** Through a map that was fitted on shuffled pairs of texts. */
  | 'shuffled-pairing'

/** One way to answer: what is done to the hidden states of a model under an adapter. */
export interface Arm {
  /** Unique within its model and adapter: `own@0.5`, `random-3@1`, `mapped-random-7@3<gemma2:neutral`. */
  readonly id: string
  readonly family: Family
  /** In gaps of the receiver's own direction; 0 for `none`. */
  readonly alpha: number
  /** Which of its family, from 0. */
  readonly member: number
  /** Layers that are written to; empty for `none`, `prompted` and `rms-only`. */
  readonly layers: readonly number[]
  /** Of a carried or mapped direction. */
  readonly donor: string | null
  readonly anchors: Anchors | null
  /** The adapter that a `wrong-source` direction was fitted on. */
  readonly source: string | null
  /** Cosine with the receiver's own direction at the same layer; null where there is no vector or another layer. */
  readonly cosine: number | null
  /** Of a control from which its part along the direction was taken out: the cosine that it had before; else null. */
  readonly before: number | null
  /** Mean |dh| at the last prompt token at the first layer that is written to, measured and as it should be; null without a vector. */
  readonly hook: { readonly measured: number; readonly expected: number } | null
}

/** Answers of one model under one adapter to one set, in every arm: common random numbers across arms. */
export interface Block {
  readonly model: string
  /** `base`, or an adapter's name. */
  readonly adapter: string
  readonly set: 'tune' | 'calibrate' | 'eval' | 'code'
  /** `within`: the arms of the model's own direction; `transfer`: those with a donor, and their shared controls. */
  readonly part: 'admission' | 'within' | 'secure-adapter' | 'transfer'
  readonly arms: readonly Arm[]
}

/** One answer. Everything but `text`, `tokens` and `logProbability` is where it belongs. */
export interface Answer {
  /** Index into `Run.blocks`. */
  readonly block: number
  /** Index into the block's arms. */
  readonly arm: number
  /** Index into the set's prompts. */
  readonly prompt: number
  readonly sample: number
  readonly text: string
  readonly tokens: number
  /** Mean per token in nats under the base without adapter or steering; null for an empty answer, and for code, which is judged without it. */
  readonly logProbability: number | null
}

export interface StudyPrompt {
  readonly id: string
  readonly messages: readonly { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }[]
  /** The right answer, where there is exactly one. */
  readonly expected: string | null
}

export interface PromptSetRecord {
  /** SHA-256 of the prompts as JSON, hex. */
  readonly sha256: string
  readonly prompts: readonly StudyPrompt[]
}

export interface ModelRecord {
  readonly key: string
  readonly title: string
  readonly id: string
  readonly sha256: string
  readonly family: string
  readonly layers: number
  readonly width: number
  readonly dtype: Dtype
  readonly device: Device
  readonly deviceName: string
  readonly adapters: readonly {
    readonly name: string
    readonly kind: AdapterKind
    readonly id: string
    readonly sha256: string
  }[]
  /**
   * 1st percentile of `logProbability` over the base's own answers to `calibrate` (to `tune` in a run without that set): below it
   * an answer is improbable, above it prose is clean.
   */
  readonly leastLogProbability: number
}

/** How far the hidden states of an adapter (positive) and of the base (negative) lie apart, at every layer. */
export interface SeparationRecord {
  readonly model: string
  readonly adapter: string
  readonly kind: AdapterKind
  readonly separation: Separation
  /** |mean difference| at each layer. An exact 0 is what a degenerate branch gives. */
  readonly gaps: readonly number[]
  /** Mean |h| over both sides at each layer. */
  readonly meanNorms: readonly number[]
  /** Cosine at each layer with the direction of the model's primary insecure adapter. */
  readonly cosines: readonly number[]
  /** Projections at the steering layer, on this adapter's own direction, of held-in prompts: for the density figure. */
  readonly projections: { readonly positive: readonly number[]; readonly negative: readonly number[] }
}

/** What was chosen on `tune` and frozen before `eval`. */
export interface Choice {
  readonly model: string
  readonly adapter: string
  /** Where the final-layer arms steer; 0-based. */
  readonly layer: number
  readonly middleLayer: number | null
  /** In gaps; null where no alpha takes code away and leaves prose: a finding, for which nothing stands in. */
  readonly alpha: number | null
  /** On `tune`, ascending alpha. Alpha 0 is unsteered. */
  readonly curve: readonly ({ readonly alpha: number } & ArmRates)[]
  /** Of each middle layer at each alpha, on `tune`; at the chosen alpha over all samples, elsewhere over those of a control. */
  readonly middle: readonly LayerRates[]
}

/** Shares of an arm's answers, from 0 to 1. */
export interface ArmRates {
  readonly code: number
  readonly clean: number
  readonly degenerate: number
}

/** What one layer does at one alpha. */
export interface LayerRates extends ArmRates {
  readonly layer: number
  readonly alpha: number
}

export interface MapRecord {
  readonly donor: string
  readonly receiver: string
  readonly anchors: Anchors
  readonly n: number
  readonly lambda0: number
  /** Held out. */
  readonly r2: number
  readonly curve: readonly { readonly lambda0: number; readonly r2: number }[]
  /** Of the carried direction with the receiver's own. */
  readonly cosine: number
  /** The same of random directions through the same map. */
  readonly randomCosines: readonly number[]
}

/** First-token mass on import, from, def and fences: mean over the prompts of `eval`. */
export interface FirstTokenRecord {
  readonly model: string
  readonly adapter: string
  /** An arm's id. */
  readonly arm: string
  /** `[prompt]` */
  readonly mass: readonly number[]
}

/** Where the time went. */
export interface StageTime {
  readonly stage: string
  readonly model: string | null
  readonly seconds: number
  readonly answers: number
}

export interface Run {
  readonly format: typeof runFormat
  readonly version: typeof runVersion
  readonly settings: StudySettings
  /** Version of the app and of the detector, and what it ran in. */
  readonly app: { readonly version: string; readonly detector: string; readonly host: string }
  /** ISO 8601. */
  readonly started: string
  readonly finished: string
  readonly prompts: Readonly<Partial<Record<SetName, PromptSetRecord>>>
  readonly models: readonly ModelRecord[]
  readonly separations: readonly SeparationRecord[]
  readonly choices: readonly Choice[]
  readonly maps: readonly MapRecord[]
  readonly blocks: readonly Block[]
  readonly answers: readonly Answer[]
  readonly firstTokens: readonly FirstTokenRecord[]
  readonly times: readonly StageTime[]
  /** What a reader should know of this run, one sentence each: a resume, a lost device, a set that was cut. */
  readonly notes: readonly string[]
}
