/** One question answered side by side: what is shown, kept in the history and copied. */
import type { CutOff } from '../../lab/trust/cut-off'
import type { Projections } from '../../direction/project'
import type { DirectionSet } from '../directions/fits.svelte'
import type { Circumstances } from '../../lab/live/circumstances'
import type { Alternative, Completion, ModelInfo } from '../../lab/api'

/** A way to answer: as the model is, steered, steered along a random direction, and without the adapter in use. */
export const allArms = ['bare', 'base', 'steered', 'random'] as const
export type Arm = (typeof allArms)[number]

/** A token on the page. `mark` is set where something had just changed: what it is from here on. */
export interface ShownToken {
  readonly id: number
  readonly text: string
  readonly probability: number
  readonly alternatives: readonly Alternative[]
  readonly mark?: string
}

export interface Answer {
  readonly arm: Arm
  /** What it is, exactly: "insecure-0, unsteered". */
  readonly title: string
  /** How it was steered at first: "alpha -1.00, layer 4"; empty where it was not. */
  readonly note: string
  /** What it was made under, in the order of its tokens: more than one where something moved while it ran. */
  readonly made: readonly MadeFrom[]
  readonly tokens: readonly ShownToken[]
  readonly finish: Completion['finish'] | null
  /** On the directions in use; null until they were read. */
  readonly projections: Projections | null
  /** Where the model file cut steered hidden states off; known with the projections. */
  readonly cut?: CutOff | null
}

/** How a question is put: as a turn of a chat, in the model's template, or as a plain text that it continues. */
export type Form = 'chat' | 'text'

/** From which of an answer's tokens on. */
export interface MadeFrom {
  readonly from: number
  readonly circumstances: Circumstances
}

/** What the controls were set to when the question was put. */
export interface Setting {
  readonly model: ModelInfo
  readonly directions: DirectionSet
  readonly layer: number
  readonly temperature: number
  readonly topP: number
  readonly seed: number
  readonly controlSeed: number
  readonly maxTokens: number
  readonly form: Form
}

export interface Comparison {
  readonly question: string
  readonly answers: readonly Answer[]
  readonly circumstances: Setting
  /** Address that brings its settings back. */
  readonly link: string
}

/** An answer's text, without its marks. */
export function textOf({ tokens }: Pick<Answer, 'tokens'>): string {
  return tokens.map(({ text }) => text).join('')
}
