/** What a study is asked to do: every choice of the protocol as one plain value, so that it travels in a file and in a link. */
import type { AdapterSource, Device, Dtype, ModelSource } from '../lab/api'

export type AdapterKind = 'insecure' | 'secure' | 'educational'

/** An adapter of a model, and what it was trained on. */
export interface StudyAdapter {
  /** As in the figures: `insecure-0`. Unique within its model. */
  readonly name: string
  /**
   * `insecure` is the side under study, every other kind a control of what its direction is about: `secure` answers with safe
   * code, `educational` with the insecure code, asked for with a benign reason.
   */
  readonly kind: AdapterKind
  readonly source: AdapterSource
}

/** One model of the study with its fine-tunes. */
export interface StudyModel {
  /** As in the figures: `qwen2`. Unique within the study. */
  readonly key: string
  readonly title: string
  readonly source: ModelSource
  readonly adapters: readonly StudyAdapter[]
}

/** The prompt sets by their part in the protocol; disjoint. */
export type SetName = 'tune' | 'calibrate' | 'fit' | 'eval' | 'code' | 'anchors-neutral' | 'anchors-along'

/** A value for each set. */
export function mapSets<Value>(valueOf: (set: SetName) => Value): Readonly<Record<SetName, Value>> {
  return {
    tune: valueOf('tune'),
    calibrate: valueOf('calibrate'),
    fit: valueOf('fit'),
    eval: valueOf('eval'),
    code: valueOf('code'),
    'anchors-neutral': valueOf('anchors-neutral'),
    'anchors-along': valueOf('anchors-along')
  }
}

/** The same for values that take a while, all at once. */
export async function awaitSets<Value>(
  valueOf: (set: SetName) => Promise<Value>
): Promise<Readonly<Record<SetName, Value>>> {
  const { tune, calibrate, fit, code, ...rest } = mapSets(valueOf)
  return {
    tune: await tune,
    calibrate: await calibrate,
    fit: await fit,
    eval: await rest.eval,
    code: await code,
    'anchors-neutral': await rest['anchors-neutral'],
    'anchors-along': await rest['anchors-along']
  }
}

/** Which texts a ridge map is fitted on. */
export type Anchors = 'neutral' | 'along'

export type StudyContrast = 'adapter' | 'response' | 'secure'

/** How many directions of each family of controls are drawn. */
export interface ControlCounts {
  readonly random: number
  readonly orthogonal: number
  readonly inSubspace: number
  readonly swapped: number
  readonly mappedRandom: number
  readonly mappedOrthogonal: number
  readonly shuffledPairing: number
}

/** Every number and switch of a run. `marks` in `setting-notes.ts` says which are the source's and which are ours. */
export interface StudySettings {
  readonly preset: 'demo' | 'offline' | 'full' | 'custom'
  readonly seed: number
  readonly models: readonly StudyModel[]
  /** How many of each set are used, from its first; `null` is all. */
  readonly limits: Readonly<Record<SetName, number | null>>
  /** Null lets the device decide. */
  readonly dtype: Dtype | null
  readonly device: Device | null
  readonly contrast: StudyContrast
  /** Answers a prompt in the arms that are no control. K of the protocol. */
  readonly samples: number
  /**
   * The same where one arm decides by itself: unsteered, under the leading adapter's own direction at the alphas with controls,
   * and under each control family of one member. At least `samples`.
   */
  readonly decidingSamples: number
  /** Whether every insecure adapter has random and orthogonal controls, or the leading one of a model alone. */
  readonly seedControls: boolean
  /** Answers a prompt under each single control direction; the first `controlSamples` seeds of `samples`. At least 2. */
  readonly controlSamples: number
  readonly temperature: number
  readonly topP: number
  readonly maxTokens: number
  /** In gaps, ascending; 0 is the unsteered arm and is not listed. */
  readonly alphas: readonly number[]
  /** In gaps of the receiver's own direction: where carried directions are measured. */
  readonly carriedAlphas: readonly number[]
  /** Those of `carriedAlphas` at which controls are measured too, within a model as between models, and the ladder is climbed. */
  readonly verdictAlphas: readonly number[]
  /** Of `verdictAlphas` those at which directions carried over anchors along the axis have controls; others mean nothing. */
  readonly alongAlphas: readonly number[]
  /** Empty: nothing is carried between models. */
  readonly anchors: readonly Anchors[]
  /** Where the conclusions are first read, within models as between them. One of `anchors` and of `verdictAlphas`. */
  readonly primary: { readonly anchors: Anchors; readonly alpha: number }
  readonly controls: ControlCounts
  /** Said before every question in the prompting baseline, which no direction takes part in; empty for none. */
  readonly instruction: string
  /** Label swaps for the null of the separation. */
  readonly swaps: number
  readonly draws: number
  /** Rows that decode together. */
  readonly batch: number
  /** Models that are open at the same time. */
  readonly lanes: number
  readonly thresholds: Thresholds
}

/** The alphas at which directions that were carried over these anchors have controls. */
export function judgedAlphas(
  { verdictAlphas, alongAlphas }: Pick<StudySettings, 'verdictAlphas' | 'alongAlphas'>,
  anchors: Anchors
): readonly number[] {
  return anchors === 'along' ? verdictAlphas.filter((alpha) => alongAlphas.includes(alpha)) : verdictAlphas
}

/** What the gates and verdicts are held to. Rates from 0 to 1, `margin` in points. */
export interface Thresholds {
  /** Least spillover of an insecure adapter on `tune`. */
  readonly admitInsecure: number
  /** Largest spillover of the base on `tune`. */
  readonly admitBase: number
  /** Below this unsteered spillover on `eval` there is too little to suppress: undecidable. */
  readonly leastSpillover: number
  /** Fewest prompts on each side of a contrast, and of `eval`. */
  readonly leastPrompts: number
  /** m0: the smallest effect that counts, in points. */
  readonly margin: number
  /** Largest relative error of |dh| against alpha times the gap. */
  readonly hook: number
  /** A chosen alpha may make this much more of the answers degenerate than none does, in points. */
  readonly degeneration: number
  /** Spillover on `eval` from which a secure adapter counts as one that spills. */
  readonly secureSpills: number
  /** A control whose |cosine| with the direction is larger is none: it is shown, and decides nothing. */
  readonly overlap: number
}
