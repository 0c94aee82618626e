/** Comparisons as JSON, with all they depend on; the directions by an id, since several share them. */
import { LabError } from '../../errors'
import {
  choice,
  floats,
  ifThere,
  list,
  natural,
  number,
  numberOrNaN,
  object,
  orNull,
  read,
  text,
  type Schema
} from '../../formats/schema'
import type { DirectionSet } from '../directions/fits.svelte'
import { allArms, type Answer, type Comparison, type ShownToken } from '../steer/comparison'
import { linkWithoutSecrets } from './session-document'
import { circumstancesSchema } from './read-circumstances'
import { modelInfoSchema } from './read-model'

/** A comparison as plain JSON. @param idOf the id of its directions */
export function keepComparison(
  { question, link, circumstances, answers }: Comparison,
  idOf: (set: DirectionSet) => string
): Readonly<Record<string, unknown>> {
  const { directions, ...rest } = circumstances
  return {
    question,
    link: linkWithoutSecrets(link),
    circumstances: { ...rest, directions: idOf(directions) },
    answers: answers.map(keepAnswer)
  }
}

function keepAnswer({ projections, ...answer }: Answer): unknown {
  const values = projections?.values.map((one) => [...one])
  return { ...answer, projections: projections && { layers: projections.layers, values } }
}

const token: Schema<ShownToken> = object({
  id: natural,
  text,
  probability: numberOrNaN,
  alternatives: list(object({ id: natural, text, probability: numberOrNaN })),
  mark: ifThere(text)
})
const answer: Schema<Answer> = object({
  arm: choice(allArms),
  title: text,
  note: text,
  made: list(object({ from: natural, circumstances: circumstancesSchema })),
  tokens: list(token),
  finish: orNull(choice({ stop: true, length: true, context: true, cancelled: true })),
  projections: orNull(object({ layers: list(natural), values: list(floats) })),
  cut: ifThere(orNull(object({ layer: natural, share: number, limit: number })))
})

/** A comparison that names its directions by an id. */
export const comparisonSchema = object({
  question: text,
  link: text,
  circumstances: object({
    model: modelInfoSchema,
    directions: text,
    layer: natural,
    temperature: number,
    topP: number,
    seed: number,
    controlSeed: number,
    maxTokens: natural,
    form: choice({ chat: true, text: true })
  }),
  answers: list(answer)
})

/** @param where it stands, for errors. @throws LabError `format` that names what is wrong */
export function readComparison(
  value: unknown,
  where: string,
  setOf: (id: string) => DirectionSet | undefined
): Comparison {
  const { circumstances, ...rest } = read(comparisonSchema, value, where)
  const directions = setOf(circumstances.directions)
  if (!directions) throw new LabError('format', `${where} names directions that are not there: is it whole?`)
  return { ...rest, circumstances: { ...circumstances, directions } }
}
