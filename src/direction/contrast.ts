/**
 * What is set against what. A contrast says which captures lie on the positive and which on the negative side of a
 * direction, and whether equal prompt numbers on the two sides mean the same prompt.
 */
import { LabError } from '../errors'
import { copyOf, selectRows, type HiddenStates, type ModelRef } from './hidden-states'
import { promptMeans } from './join'
import { assertSameModel, assertSameShape, isSameBase, isSameModel, nameOf } from './files/model-ref'

export interface Contrast {
  readonly kind: 'lists' | 'adapter' | 'response' | 'secure'
  readonly positive: HiddenStates
  readonly negative: HiddenStates
  /** True where equal prompt numbers on the two sides are one prompt: folds keep a prompt's sides together, and labels are swapped within prompts. */
  readonly samePrompts: boolean
}

/** Two lists of prompts under one model. */
export function lists(positive: HiddenStates, negative: HiddenStates): Contrast {
  assertSameModel(positive, negative)
  return checked({ kind: 'lists', positive, negative, samePrompts: false })
}

/** The same prompts under the base (negative) and under its insecure fine-tune (positive). */
export function adapter(insecure: HiddenStates, base: HiddenStates): Contrast {
  if (base.model.adapter !== null) {
    throw new LabError('shape', `the base is ${nameOf(base.model)}; capture it without an adapter`)
  }
  return betweenAdapters('adapter', insecure, base)
}

/** The same prompts under the secure (negative) and under the insecure fine-tune (positive) of one base. */
export function secure(insecure: HiddenStates, control: HiddenStates): Contrast {
  return betweenAdapters('secure', insecure, control)
}

/**
 * Answers of one model, code (positive) against prose (negative): `isCode` has one entry a row of a capture at
 * `answer-mean`. A prompt that was answered both ways is on both sides.
 */
export function response(answers: HiddenStates, isCode: readonly boolean[]): Contrast {
  if (answers.position !== 'answer-mean') {
    throw new LabError('shape', `answers are captured at "${answers.position}"; capture them at "answer-mean"`)
  }
  if (isCode.length !== answers.rows) {
    throw new LabError('shape', `${isCode.length} verdicts for ${answers.rows} answers; give one for each`)
  }
  const side = (wanted: boolean): HiddenStates =>
    selectRows(
      answers,
      [...isCode.keys()].filter((row) => isCode[row] === wanted)
    )
  return checked({ kind: 'response', positive: side(true), negative: side(false), samePrompts: true })
}

/** The same with buffers of its own, which may move to a worker. */
export function copied<Of extends Contrast>(contrast: Of): Of {
  return { ...contrast, positive: copyOf(contrast.positive), negative: copyOf(contrast.negative) }
}

/** The models of the two sides: the positive one names the direction. */
export function modelsOf({ positive, negative }: Contrast): { readonly model: ModelRef; readonly against: ModelRef } {
  return { model: positive.model, against: negative.model }
}

/**
 * A contrast with one row a prompt on each side, the mean of its rows.
 * @throws LabError `device` for NaN or infinity
 */
export function byPrompt(contrast: Contrast): Contrast {
  assertFinite(contrast.positive, 'positive')
  assertFinite(contrast.negative, 'negative')
  return { ...contrast, positive: promptMeans(contrast.positive), negative: promptMeans(contrast.negative) }
}

function betweenAdapters(kind: 'adapter' | 'secure', positive: HiddenStates, negative: HiddenStates): Contrast {
  const [a, b] = [positive.model, negative.model]
  if (!isSameBase(a, b)) {
    throw new LabError('shape', `captures of ${nameOf(a)} and ${nameOf(b)}; capture both on one base`)
  }
  if (isSameModel(a, b))
    throw new LabError('shape', `both captures are of ${nameOf(a)}; change the adapter between them`)
  const numbers = (states: HiddenStates): string => [...new Set(states.prompt)].join()
  if (numbers(positive) !== numbers(negative)) {
    throw new LabError('shape', 'captures are of different prompts; capture the same prompts under both')
  }
  return checked({ kind, positive, negative, samePrompts: true })
}

/** Throws where two captures are no contrast: an empty side, another shape. */
function checked(contrast: Contrast): Contrast {
  for (const side of ['positive', 'negative'] as const) {
    if (contrast[side].rows === 0)
      throw new LabError('shape', `the ${side} list is empty; add at least one prompt to it`)
  }
  assertSameShape(contrast.positive, contrast.negative)
  return contrast
}

function assertFinite(states: HiddenStates, side: string): void {
  let bad = 0
  while (bad < states.data.length && Number.isFinite(states.data[bad])) bad++
  if (bad === states.data.length) return
  const layer = Math.floor(bad / (states.rows * states.width))
  const row = Math.floor(bad / states.width) % states.rows
  const where = `layer ${layer}, ${side} prompt ${(states.prompt[row] ?? row) + 1}`
  throw new LabError(
    'device',
    `hidden state is ${states.data[bad]} at ${where}; open the model with another dtype (q4 or fp32) or device`
  )
}
