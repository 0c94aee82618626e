/** What of a session is said in its document, small enough to be written at every change. */
import type { Fields } from '../../formats/record'
import type { Side } from '../link'
import { openAddress } from '../../lab/privacy/secrets'
import { readModelReference, type ModelReference } from './kept-models'

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

/** @throws LabError `format` that names the field */
export function readSessionDocument(fields: Fields): SessionDocument {
  return {
    changed: fields.text('changed'),
    link: linkWithoutSecrets(fields.text('link')),
    positive: readSide(fields.object('positive')),
    negative: readSide(fields.object('negative')),
    models: fields.objects('models', readModelReference),
    chosen: fields.naturalOrNull('chosen'),
    bench: fields.texts('bench'),
    inUse: fields.textOrNull('inUse'),
    layer: fields.natural('layer'),
    answers: fields.texts('answers'),
    shown: fields.textOrNull('shown')
  }
}

function readSide(fields: Fields): Side {
  return { name: fields.text('name'), text: fields.text('text') }
}

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
