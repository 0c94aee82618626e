/** One record of a prompt file (an object of JSON, YAML or a table) as prompts. */
import { LabError } from '../errors'
import { fieldsOf } from './fields'

export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

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
export const promptFields = ['messages', 'paraphrases', 'prompt', 'question', 'text', 'instruction', 'task'] as const
/** Fields that may hold the reply, in order. */
export const answerFields = ['answer', 'expected', 'completion', 'response', 'output'] as const

/** The first of a file's own names, fit for one line of a message. */
export function shown(names: readonly string[]): string {
  const some = names.slice(0, 5).map((name) => name.replace(/[\p{C}\s]+/gu, ' ').slice(0, 30))
  return some.join(', ').trim() || 'nothing'
}

/** The prompts of one record; `number` names it where it has no id. @throws LabError `format` */
export function rowsOf({ value, place }: PromptRecord, number: number): readonly PromptRow[] {
  if (typeof value === 'string') return [row(String(number), String(number), [userTurn(value)], null, null)]
  const fields = fieldsOf(value)
  const name = promptFields.find((field) => fields.get(field) != null)
  if (name === undefined) {
    throw new LabError(
      'format',
      `${place} holds ${shown([...fields.keys()])}: one of ${promptFields.join(', ')} was expected`
    )
  }
  const id = labelOf(fields.get('id')) ?? String(number)
  const group = labelOf(fields.get('group')) ?? id
  const system = textOf(fields.get('system'), `the system prompt of ${place}`)
  const answer = answerFields.map((field) => fields.get(field)).find((text) => typeof text === 'string')
  const variants = variantsOf(fields.get(name), place)
  return variants.map((messages, index) =>
    row(variants.length > 1 ? `${id}/${index + 1}` : id, group, messages, system, answer ?? null)
  )
}

/** A text is one turn; a list of messages is one chat; a list of texts is paraphrases. */
function variantsOf(value: unknown, place: string): readonly (readonly PromptMessage[])[] {
  if (typeof value === 'string') return [[userTurn(value)]]
  if (!Array.isArray(value) || value.length === 0) {
    throw new LabError('format', `the prompt of ${place} is neither a text nor a list with something in it`)
  }
  const texts = value.filter((item) => typeof item === 'string')
  if (texts.length === value.length) return texts.map((text) => [userTurn(text)])
  return [value.map((item) => messageOf(item, place))]
}

function messageOf(value: unknown, place: string): PromptMessage {
  const fields = fieldsOf(value)
  const role = fields.get('role')
  const content = fields.get('content')
  if ((role === 'system' || role === 'user' || role === 'assistant') && typeof content === 'string') {
    return { role, content }
  }
  throw new LabError(
    'format',
    `a message of ${place} has role ${typeof role === 'string' ? shown([role]) : 'none'} and ${typeof content === 'string' ? 'a text' : 'no text'}: ` +
      'role system, user or assistant and a content of text were expected'
  )
}

/** What follows the last user turn is the file's answer; a system prompt beside the messages comes first. */
function row(
  id: string,
  group: string,
  turns: readonly PromptMessage[],
  besides: string | null,
  reply: string | null
): PromptRow {
  const last = turns.findLastIndex(({ role }) => role === 'user')
  const asked = turns.slice(0, last + 1)
  const own = asked[0]?.role === 'system' ? asked[0].content : null
  const messages: readonly PromptMessage[] =
    own === null && besides !== null ? [{ role: 'system', content: besides }, ...asked] : asked
  return { id, group, messages, system: own ?? besides, answer: turns[last + 1]?.content ?? reply }
}

function userTurn(content: string): PromptMessage {
  return { role: 'user', content: content.trim() }
}

function labelOf(value: unknown): string | undefined {
  return typeof value === 'number' || (typeof value === 'string' && value !== '') ? String(value) : undefined
}

function textOf(value: unknown, what: string): string | null {
  if (value == null || value === '') return null
  if (typeof value === 'string') return value
  throw new LabError('format', `${what} is not a text: write it as one, or leave it out`)
}
