/** One record of a prompt file (an object of JSON, YAML or a table) as prompts. */
import { LabError } from '../../errors'
import { fieldsOf } from '../fields'
import { isChat, isNothing, messageOf, parsedChat, type PromptMessage } from './messages'
import { shown, type FileNotes } from './notes'

export interface PromptRow {
  /** Unique in its file: the file's own id, or the record's number; `/2` for a second paraphrase. */
  readonly id: string
  /** Paraphrases of one question share it: they are one cluster for the bootstrap. */
  readonly group: string
  /** What the model is asked, the system turn first where there is one, the user's turn last. */
  readonly messages: readonly PromptMessage[]
  readonly system: string | null
  /** The reply that the file holds, as training data does. */
  readonly answer: string | null
}

/** A parsed record and where it stands, for messages: `line 3`. */
export interface PromptRecord {
  readonly value: unknown
  readonly place: string
}

/** Fields that may hold the prompt, in order. */
export const promptFields = [
  ...['messages', 'conversations', 'conversation', 'paraphrases', 'prompt', 'question', 'text', 'instruction', 'task'],
  ...['query', 'input']
] as const
/** Fields that may hold the reply, in order. */
export const answerFields = ['answer', 'expected', 'completion', 'response', 'output'] as const
/** What a question asks about, as Alpaca and Dolly have it: written below the question, after an empty line. */
export const belowFields = ['input', 'context'] as const
/** Fields that may hold the system prompt, in order. */
export const systemFields = ['system', 'system_prompt'] as const

type Fields = ReadonlyMap<string, unknown>

/** The prompts of one record; `number` names it where it has no id. @throws LabError `format` */
export function rowsOf({ value, place }: PromptRecord, number: number, notes: FileNotes): readonly PromptRow[] {
  const reader = { place, notes, used: new Set<string>() }
  if (typeof value === 'string') return [row(String(number), String(number), [userTurn(value)], {}, reader)]
  const fields = fieldsOf(value)
  const name = first(fields, promptFields) ?? promptFields.find((field) => fields.get(field) != null)
  if (name === undefined) {
    throw new LabError(
      'format',
      `${place} holds ${shown([...fields.keys()])}: one of ${promptFields.join(', ')} was expected`
    )
  }
  const id = labelOf(fields.get('id')) ?? String(number)
  const group = labelOf(fields.get('group')) ?? id
  for (const field of [name, 'id', 'group']) reader.used.add(field)
  const variants = variantsOf(withBelow(fields, name, reader), reader)
  const rows = variants.map((messages, index) =>
    row(variants.length > 1 ? `${id}/${index + 1}` : id, group, messages, beside(fields, reader), reader)
  )
  for (const [field, one] of fields) if (!reader.used.has(field) && !isNothing(one)) notes.unused(field)
  return rows
}

interface Reader {
  readonly place: string
  readonly notes: FileNotes
  /** Fields of the record that stand in its prompts. */
  readonly used: Set<string>
}

const first = <Name extends string>(fields: Fields, names: readonly Name[]): Name | undefined =>
  names.find((name) => !isNothing(fields.get(name)))

/** The prompt, with what it asks about below it. */
function withBelow(fields: Fields, name: string, { place, notes, used }: Reader): unknown {
  const value = parsedChat(fields.get(name), place)
  if (typeof value !== 'string') return value
  return belowFields.reduce((question, field) => {
    const below = fields.get(field)
    if (field === name || typeof below !== 'string' || below.trim() === '') return question
    notes.joined(field)
    used.add(field)
    return `${question.trim()}\n\n${below.trim()}`
  }, value)
}

interface Beside {
  readonly system?: readonly [field: string, text: string]
  readonly answer?: readonly [field: string, text: string]
}

/** What stands beside the prompt. */
function beside(fields: Fields, reader: Reader): Beside {
  const system = first(fields, systemFields)
  const answer = first(fields, answerFields)
  const reply = answer && answerOf(fields.get(answer), reader)
  if (answer !== undefined && reply === undefined) reader.used.add(answer)
  return {
    ...(system && { system: [system, systemOf(fields.get(system), reader.place)] }),
    ...(answer !== undefined && reply !== undefined && { answer: [answer, reply] })
  }
}

/** A text, a number or a truth as it is written; one message of the assistant. What else it may be is noted. */
function answerOf(value: unknown, { place, notes }: Reader): string | undefined {
  const answer = parsedChat(value, place)
  if (typeof answer === 'string' || typeof answer === 'number' || typeof answer === 'boolean') return String(answer)
  const chat = isChat(answer) ? answer : isChat([answer]) ? [answer] : []
  const turns = chat.map((one) => messageOf(one, place, notes))
  const [only, ...others] = turns
  if (only?.role === 'assistant' && others.length === 0) return only.content
  notes.leftOut(place, Array.isArray(answer) ? `a list of ${answer.length}` : 'an object')
  return undefined
}

/** A text is one turn; a list of messages is one chat; a list of texts is paraphrases. */
function variantsOf(value: unknown, { place, notes }: Reader): readonly (readonly PromptMessage[])[] {
  if (typeof value === 'string') return [[userTurn(value)]]
  if (!Array.isArray(value) || value.length === 0) {
    throw new LabError('format', `the prompt of ${place} is neither a text nor a list with something in it`)
  }
  const texts = value.filter((item) => typeof item === 'string')
  if (texts.length === value.length) return texts.map((text) => [userTurn(text)])
  return [value.map((item) => messageOf(item, place, notes))]
}

/** What follows the last user turn is the file's answer; a system prompt beside the messages comes first. */
function row(
  id: string,
  group: string,
  turns: readonly PromptMessage[],
  { system, answer }: Beside,
  { place, notes, used }: Reader
): PromptRow {
  const last = turns.findLastIndex(({ role }) => role === 'user')
  const asked = turns.slice(0, last + 1)
  const [reply, ...rest] = turns.slice(last + 1)
  if (rest.length > 0) notes.goesOn(place)
  const own = asked[0]?.role === 'system' ? asked[0].content : null
  if (system && (own === null || own === system[1])) used.add(system[0])
  if (answer && (!reply || reply.content === answer[1])) used.add(answer[0])
  const messages: readonly PromptMessage[] =
    own === null && system ? [{ role: 'system', content: system[1] }, ...asked] : asked
  if (messages.some(({ content }) => /\0|\p{Surrogate}/u.test(content))) {
    throw new LabError('format', `the prompt of ${place} holds NUL or half a character: is it text?`)
  }
  return { id, group, messages, system: own ?? system?.[1] ?? null, answer: reply?.content ?? answer?.[1] ?? null }
}

function userTurn(content: string): PromptMessage {
  return { role: 'user', content: content.trim() }
}

function labelOf(value: unknown): string | undefined {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : undefined
}

function systemOf(value: unknown, place: string): string {
  if (typeof value === 'string') return value
  throw new LabError('format', `the system prompt of ${place} is not a text: write it as one, or leave it out`)
}
