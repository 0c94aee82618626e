/** Comparisons as JSON, with all they depend on; the directions by an id, since several share them. */
import { LabError } from '../../errors'
import { floatsOf, type Fields } from '../../formats/record'
import type { DirectionSet } from '../directions/fits.svelte'
import type { allArms, Answer, Comparison, ShownToken } from '../steer/comparison'
import { linkWithoutSecrets } from './session-document'
import { readCircumstances } from './read-circumstances'
import { readModelInfo } from './read-model'

/** A comparison as plain JSON. @param idOf the id of its directions */
export function keepComparison(
  { question, link, setting, answers }: Comparison,
  idOf: (set: DirectionSet) => string
): Readonly<Record<string, unknown>> {
  const { directions, ...rest } = setting
  return {
    question,
    link: linkWithoutSecrets(link),
    setting: { ...rest, directions: idOf(directions) },
    answers: answers.map(keepAnswer)
  }
}

function keepAnswer({ projections, ...answer }: Answer): unknown {
  const values = projections?.values.map((one) => [...one])
  return { ...answer, projections: projections && { layers: projections.layers, values } }
}

/** @throws LabError `format` that names what is wrong */
export function readComparison(fields: Fields, setOf: (id: string) => DirectionSet | undefined): Comparison {
  const made = fields.object('setting')
  const directions = setOf(made.text('directions'))
  if (!directions) throw new LabError('format', `${fields.where} names directions that are not there: is it whole?`)
  return {
    question: fields.text('question'),
    link: fields.text('link'),
    setting: {
      model: readModelInfo(made.object('model')),
      directions,
      layer: made.natural('layer'),
      temperature: made.number('temperature'),
      topP: made.number('topP'),
      seed: made.number('seed'),
      controlSeed: made.number('controlSeed'),
      maxTokens: made.natural('maxTokens'),
      form: made.choice('form', { chat: true, text: true })
    },
    answers: fields.objects('answers', readAnswer)
  }
}

const arms = { bare: true, base: true, steered: true, random: true } as const satisfies Record<
  (typeof allArms)[number],
  true
>
const finishes = { stop: true, length: true, context: true, cancelled: true } as const

function readAnswer(fields: Fields): Answer {
  const projections = fields.objectOrNull('projections')
  return {
    arm: fields.choice('arm', arms),
    title: fields.text('title'),
    note: fields.text('note'),
    made: fields.objects('made', (one) => {
      return { from: one.natural('from'), circumstances: readCircumstances(one.object('circumstances')) }
    }),
    tokens: fields.objects('tokens', readToken),
    finish: fields.choiceOrNull('finish', finishes),
    projections: projections && {
      layers: projections.naturals('layers'),
      values: projections.list('values').map((one) => floatsOf(one, `${projections.where}: values`))
    }
  }
}

function readToken(fields: Fields): ShownToken {
  return {
    id: fields.natural('id'),
    text: fields.text('text'),
    probability: fields.numberOrNaN('probability'),
    alternatives: fields.objects('alternatives', (one) => ({
      id: one.natural('id'),
      text: one.text('text'),
      probability: one.numberOrNaN('probability')
    })),
    ...(fields.has('mark') && { mark: fields.text('mark') })
  }
}
