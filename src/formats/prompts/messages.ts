/** Chats of a prompt file as messages: OpenAI's and Hugging Face's, ShareGPT's, contents in parts. */
import { LabError } from '../../errors'
import { fieldsOf } from '../fields'
import { shown, type FileNotes } from './notes'

export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** What the formats call the three roles. */
const roles: ReadonlyMap<unknown, PromptMessage['role']> = new Map<unknown, PromptMessage['role']>([
  ['system', 'system'],
  ['developer', 'system'],
  ['user', 'user'],
  ['human', 'user'],
  ['assistant', 'assistant'],
  ['gpt', 'assistant'],
  ['model', 'assistant']
])

/** True for a list whose entries say who speaks. */
export function isChat(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every((one) => speakerOf(fieldsOf(one)) !== undefined)
}

/** A chat that a cell of a table holds as text; the text itself where it is none. @throws LabError `format` for Python's notation */
export function parsedChat(value: unknown, place: string): unknown {
  if (typeof value !== 'string' || !/^\s*\[\s*\{/.test(value)) return value
  try {
    const parsed: unknown = JSON.parse(value)
    return isChat(parsed) ? parsed : value
  } catch (cause) {
    if (!/^\s*\[\s*\{\s*'(role|from|content|value)'\s*:/.test(value)) return value
    const text = `${place} holds a chat in Python's notation, with single quotes: write the table as JSONL`
    throw new LabError('format', text, { cause })
  }
}

/** @throws LabError `format` for another role, and for a content that is no text */
export function messageOf(value: unknown, place: string, notes: FileNotes): PromptMessage {
  const fields = fieldsOf(value)
  const speaker = speakerOf(fields)
  const role = roles.get(speaker)
  const [name, content] = ['content', 'value'].map((key) => [key, fields.get(key)]).find(([, one]) => one != null) ?? []
  const text = contentOf(content, place)
  for (const [key, other] of fields) {
    if (!['role', 'from', name].includes(key) && !isNothing(other)) notes.unused(`${key} of a message`)
  }
  if (role !== undefined && text !== undefined) return { role, content: text }
  throw new LabError(
    'format',
    `a message of ${place} has role ${typeof speaker === 'string' ? shown([speaker]) : 'none'} and ${text === undefined ? 'no text' : 'a text'}: ` +
      'role system, user or assistant and a content of text were expected'
  )
}

/** Who speaks, by the name that the format has for it. */
const speakerOf = (fields: ReadonlyMap<string, unknown>): unknown => fields.get('role') ?? fields.get('from')

/** A text, or parts of which each is one. */
function contentOf(content: unknown, place: string): string | undefined {
  if (typeof content === 'string' || !Array.isArray(content) || content.length === 0) {
    return typeof content === 'string' ? content : undefined
  }
  return content
    .map((part: unknown) => {
      const fields = fieldsOf(part)
      const text = typeof part === 'string' ? part : fields.get('text')
      if (typeof text === 'string') return text
      const kind = fields.get('type')
      throw new LabError(
        'format',
        `a message of ${place} holds ${typeof kind === 'string' ? shown([kind]) : 'a part'} beside text: leave it out`
      )
    })
    .join('')
}

/** What says nothing: a field that is not there, or empty. */
export function isNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === undefined || value === null || value === ''
}
