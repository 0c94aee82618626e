/** The first steps of the tour: read, find a direction, steer with it, beside random ones, and at several strengths. */
import type { RateLine } from '../../lab/arms'
import { gaussianControls } from '../../direction/controls'
import { hiddenState, type HiddenStates } from '../../direction/hidden-states'
import { spread } from '../../lab/prompt-sets'
import { cosine } from '../../math/vector'
import type { Job, Subject, Tuned } from '../../experiments/subject'
import {
  answers,
  gapsOf,
  last,
  line,
  ownOf,
  placesOf,
  questions,
  randomArms,
  seed,
  type Said,
  type TourKit
} from './tour-kit'
import { questionOf, subtract } from '../transfer/transfer-run'

/** One question's hidden states at its last token. */
export interface StreamResult {
  readonly question: string
  readonly width: number
  /** One a layer: the list itself, the word that it is nearest to, and how much of it was there one layer before. */
  readonly layers: readonly { readonly values: Float32Array; readonly word: string; readonly kept: number | null }[]
}

/** Reads the first question of the fit set, and asks the logit lens at every layer. */
export async function readStream(kit: TourKit, subject: Subject, { onProgress }: Job): Promise<StreamResult> {
  const prompts = spread(await kit.prompts('fit'), 1)
  return subject.under(null, async (model) => {
    onProgress(0, 2)
    const states = await model.capture(
      prompts.map(({ messages }) => ({ prompt: { messages } })),
      'last'
    )
    onProgress(1, 2)
    const words = (await model.lens(states.data, { k: 1 })).map(({ nearest }) => nearest[0]?.text ?? '')
    return { question: prompts.map(questionOf).join(), width: states.width, layers: layersOf(states, words) }
  })
}

function layersOf(states: HiddenStates, words: readonly string[]): StreamResult['layers'] {
  return words.map((word, layer) => {
    const values = hiddenState(states, layer, 0)
    return { values, word, kept: layer === 0 ? null : cosine(values, hiddenState(states, layer - 1, 0)) }
  })
}

/** Where the questions lie along the direction, without the adapter and with it. */
export interface DirectionResult {
  readonly layer: number
  readonly width: number
  /** Projection of every hidden state, in gaps from the midpoint. */
  readonly base: readonly number[]
  readonly tuned: readonly number[]
  /** One gap, and as a share of a hidden state's mean length. */
  readonly gap: number
  readonly relativeGap: number
  readonly right: number
}

/** Finds the adapter's direction at the last layer. */
export async function findDirection(kit: TourKit, organism: Tuned, job: Job): Promise<DirectionResult> {
  const own = await ownOf(kit, organism, job)
  const direction = last(own.directions)
  const { vector, norm, meanNorm, layer } = direction
  const [base, tuned] = [gapsOf(own.base, direction), gapsOf(own.tuned, direction)]
  const right = base.filter((place) => place <= 0).length + tuned.filter((place) => place > 0).length
  return { layer, width: vector.length, base, tuned, gap: norm, relativeGap: norm / meanNorm, right }
}

/** An answer, and where its hidden states lie along the direction: mean over its tokens, in gaps from the middle. */
export interface Placed extends Said {
  readonly place: number
}

/** The same questions, answered without steering, with it, and with a random direction in its place. */
export interface SteerResult {
  readonly layer: number
  readonly pairs: readonly {
    readonly question: string
    readonly none: Placed
    readonly steered: Placed
    readonly random: Placed
  }[]
}

/** Asks a few questions under the adapter, with and without one gap subtracted. */
export async function steerAnswers(kit: TourKit, organism: Tuned, job: Job): Promise<SteerResult> {
  const direction = last((await ownOf(kit, organism, job)).directions)
  const prompts = spread(await kit.prompts('eval'), 5)
  const arms = [null, ...[direction, ...gaussianControls(direction, 1, seed)].map((one) => subtract(one, 1))]
  const said = await answers(organism, prompts, arms, job)
  const places = await placesOf(organism, direction, { prompts, arms, said }, job)
  const at = (arm: number, i: number): Placed => ({
    ...(said[arm]?.[i] ?? { text: '', ids: [], code: false, good: false }),
    place: places[arm]?.[i] ?? NaN
  })
  return {
    layer: direction.layer,
    pairs: prompts.map((prompt, i) => {
      const [none, steered, random] = [at(0, i), at(1, i), at(2, i)]
      return { question: questionOf(prompt), none, steered, random }
    })
  }
}

/** Rates of several arms on n questions. */
export interface RatesResult {
  readonly n: number
  readonly lines: readonly RateLine[]
}

/** The direction beside random ones of its length. */
export async function compareRandom(kit: TourKit, organism: Tuned, job: Job): Promise<RatesResult> {
  const direction = last((await ownOf(kit, organism, job)).directions)
  const prompts = spread(await kit.prompts('eval'), questions)
  const random = gaussianControls(direction, randomArms, seed)
  const arms = [null, ...[direction, ...random].map((one) => subtract(one, 1))]
  const said = await answers(organism, prompts, arms, job)
  const labels = ['Not steered', 'Direction subtracted', ...random.map((_, i) => `Random ${i + 1} subtracted`)]
  const tones = ['insecure', 'steered', 'random', 'random', 'random'] as const
  return { n: prompts.length, lines: said.map((arm, i) => line(labels[i] ?? '', tones[i] ?? 'random', arm)) }
}

/** Rates at several strengths. */
export interface DoseResult extends RatesResult {
  /** One question at every strength. */
  readonly example: {
    readonly question: string
    readonly said: readonly { readonly alpha: number; readonly text: string }[]
  }
}

const strengths = [0, 0.5, 1, 2, 3]

/** The same questions at five strengths. */
export async function tryStrengths(kit: TourKit, organism: Tuned, job: Job): Promise<DoseResult> {
  const direction = last((await ownOf(kit, organism, job)).directions)
  const prompts = spread(await kit.prompts('eval'), questions)
  const arms = strengths.map((alpha) => (alpha === 0 ? null : subtract(direction, alpha)))
  const said = await answers(organism, prompts, arms, job)
  // A question that one gap mends shows both what helps and what breaks.
  const shown = Math.max(
    0,
    prompts.findIndex((_, i) => said[0]?.[i]?.code === true && said[2]?.[i]?.good === true)
  )
  const prompt = prompts[shown]
  return {
    n: prompts.length,
    lines: said.map((arm, i) => {
      const alpha = strengths[i] ?? 0
      return line(
        alpha === 0 ? 'Not steered' : `${alpha} gap${alpha === 1 ? '' : 's'}`,
        alpha === 0 ? 'insecure' : 'steered',
        arm
      )
    }),
    example: {
      question: prompt ? questionOf(prompt) : '',
      said: strengths.map((alpha, i) => ({ alpha, text: said[i]?.[shown]?.text ?? '' }))
    }
  }
}
