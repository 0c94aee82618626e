/** What of a session is said in its document, small enough to be written at every change. */
import { list, natural, object, orNull, read, text, turned, type Schema } from '../../formats/schema'
import type { Side } from '../link'
import { openAddress } from '../../lab/privacy/secrets'
import { referenceSchema, type ModelReference } from './kept-models'

export interface SessionDocument {
  /** When it was changed last, ISO 8601. */
  readonly changed: string
  /** The settings, as a link. */
  readonly link: string
  /** The two lists of the next fit. */
  readonly positive: Side
  readonly negative: Side
  readonly models: readonly ModelReference[]
  /** Index of the model in use; null for none. */
  readonly chosen: number | null
  /** Ids of the directions on the bench, in their order; of the one in use, and its layer. */
  readonly bench: readonly string[]
  readonly inUse: string | null
  readonly layer: number
  /** Ids of the comparisons, the newest first, and of the one in sight. */
  readonly answers: readonly string[]
  readonly shown: string | null
}

const side: Schema<Side> = object({ name: text, text })
const documentSchema: Schema<SessionDocument> = object({
  changed: text,
  link: turned(text, linkWithoutSecrets),
  positive: side,
  negative: side,
  models: list(referenceSchema),
  chosen: orNull(natural),
  bench: list(text),
  inUse: orNull(text),
  layer: natural,
  answers: list(text),
  shown: orNull(text)
})

/** @param where it stands, for errors. @throws LabError `format` that names the field */
export const readSessionDocument = (value: unknown, where: string): SessionDocument =>
  read(documentSchema, value, where)

/** A link whose addresses have lost their queries, which may hold a signature or a token. */
export function linkWithoutSecrets(link: string): string {
  const [path = '', query] = link.split('?', 2)
  if (query === undefined) return link
  const values = new URLSearchParams(query)
  const safe = (value: string): string => {
    const [, prefix = '', address] = /^(url:)?(https?:\/\/.*)$/is.exec(value) ?? []
    return address === undefined ? value : `${prefix}${openAddress(address)}`
  }
  const texts = new Set(['positive', 'negative', 'question'])
  const entries = [...values].map(([name, value]) => [name, texts.has(name) ? value : safe(value)])
  return `${path}?${new URLSearchParams(entries).toString()}`
}
