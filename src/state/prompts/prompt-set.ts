/** A prompt set: prompts with a name and a part in the work. Immutable; every change makes a new one. */
import { readPromptLines } from '../../formats/prompts/list'
import type { PromptMessage } from '../../formats/prompts/messages'
import type { PromptRow } from '../../formats/prompts/records'
import { choice, object, read, text, type Read } from '../../formats/schema'
import { sha256 } from '../../math/sha256'
import { nextTime } from '../created'
import { promptLines } from './prompt-lines'

/** Every role a set of prompts can have. */
export const roles = ['positive', 'negative', 'dir', 'eval', 'map', 'code', 'tune'] as const

/** What prompts are for. `dir`: a direction is fitted on them, under two models. */
export type Role = (typeof roles)[number]

export interface PromptSet {
  readonly id: string
  /** When it was made, ISO 8601: the order of the list. */
  readonly created: string
  readonly name: string
  readonly role: Role
  readonly prompts: readonly PromptRow[]
}

/** A new set, with an id of its own. */
export function makeSet(name: string, role: Role, prompts: readonly PromptRow[]): PromptSet {
  return { id: crypto.randomUUID(), created: nextTime(), name, role, prompts }
}

/** A prompt of one user's turn. */
export function plainRow(id: string, content: string): PromptRow {
  return { id, group: id, messages: [{ role: 'user', content }], system: null, answer: null }
}

/** Whether a prompt can be edited as a line: one user's turn without a line break. */
export function isLine({ messages }: PromptRow): boolean {
  const [only] = messages
  return messages.length === 1 && only?.role === 'user' && !/[\r\n]/.test(only.content)
}

/** The prompts that are lines, one a line. */
export function textOf({ prompts }: PromptSet): string {
  return prompts
    .filter(isLine)
    .map(({ messages }) => messages[0]?.content ?? '')
    .join('\n')
}

/**
 * The set with other lines. A line that was there keeps its id, group and answer; repetitions are left out. Prompts that are
 * no lines stay, behind the lines.
 */
export function withText(set: PromptSet, text: string): PromptSet {
  const known = new Map(set.prompts.filter(isLine).map((row) => [row.messages[0]?.content.trim() ?? '', row]))
  const kept = set.prompts.filter((row) => !isLine(row))
  const taken = new Set(set.prompts.map(({ id }) => id))
  let number = 0
  const free = (): string => {
    do number++
    while (taken.has(String(number)))
    return String(number)
  }
  const lines = promptLines(text).map((line) => known.get(line) ?? plainRow(free(), line))
  return { ...set, prompts: [...lines, ...kept] }
}

/** What the set is, told apart from any other: SHA-256 of `messagesLines`, hex. Names, ids and roles are not part of it. */
export function setSha256(prompts: readonly PromptRow[]): Promise<string> {
  return sha256(new TextEncoder().encode(prompts.map((row) => JSON.stringify(chatOf(row))).join('\n')))
}

/** One JSON a line, as training data and `readPromptLines` have it: what was asked, then the answer where there is one. */
export function toJsonl({ prompts }: Pick<PromptSet, 'prompts'>): string {
  return prompts
    .map((row) => {
      const group = row.group === row.id ? {} : { group: row.group }
      return `${JSON.stringify({ id: row.id, ...group, messages: chatOf(row) })}\n`
    })
    .join('')
}

function chatOf({ messages, answer }: PromptRow): readonly PromptMessage[] {
  return answer === null ? messages : [...messages, { role: 'assistant', content: answer }]
}

/** Two sets that share prompts. */
export interface Overlap {
  readonly first: PromptSet
  readonly second: PromptSet
  readonly count: number
  /** One of the shared prompts. */
  readonly example: string
}

/**
 * Sets of different roles that share prompts: what was fitted or tuned on cannot be tested on. The user's turns decide,
 * word for word, whatever the system prompt. Sets of one role may share, as the two kinds of map anchors do.
 */
export function overlapsOf(sets: readonly PromptSet[]): readonly Overlap[] {
  return sets.flatMap((first, index) =>
    sets.slice(index + 1).flatMap((second) => {
      if (first.role === second.role) return []
      const asked = askedIn(second)
      const shared = [...askedIn(first)].filter((text) => asked.has(text))
      const [example] = shared
      return example === undefined ? [] : [{ first, second, count: shared.length, example }]
    })
  )
}

const askedBySet = new WeakMap<readonly PromptRow[], ReadonlySet<string>>()

function askedIn({ prompts }: PromptSet): ReadonlySet<string> {
  const known = askedBySet.get(prompts)
  if (known) return known
  const asked = new Set(prompts.map(askedText))
  askedBySet.set(prompts, asked)
  return asked
}

/** What the user says in a prompt, all turns. */
export function askedText({ messages }: PromptRow): string {
  return messages
    .filter(({ role }) => role === 'user')
    .map(({ content }) => content.trim())
    .join('\n')
}

/** The role that a file's name suggests; `eval` where it suggests none. */
export function roleOfName(name: string): Role {
  const words = name.toLowerCase().split(/[^a-z]+/)
  const found = roles.find((role) => words.includes(role))
  if (found) return found
  if (words.includes('fit')) return 'dir'
  if (words.includes('calibrate')) return 'tune'
  return words.includes('anchors') ? 'map' : 'eval'
}

/** A set as it is kept: the prompts as JSONL, which is read with the checks that a file gets. */
export function keptSet({ id, created, name, role, ...rest }: PromptSet): Readonly<Record<string, string>> {
  return { id, created, name, role, jsonl: toJsonl(rest) }
}

/** A set as it is kept. */
export const keptSetSchema = object({ id: text, created: text, name: text, role: choice(roles), jsonl: text })

/** @throws LabError `format` for what an older version of the page kept otherwise */
export function readKeptSet(value: unknown): PromptSet {
  return fromKept(read(keptSetSchema, value, 'a kept prompt set'))
}

/** The set of what is kept. @throws LabError `format` for prompts that cannot be read */
export function fromKept({ jsonl, ...facts }: Read<typeof keptSetSchema>): PromptSet {
  return { ...facts, prompts: jsonl === '' ? [] : readPromptLines('the kept prompt set.jsonl', jsonl).prompts }
}
