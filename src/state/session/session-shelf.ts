/** Sessions in the browser: a document each, written often, and beside it what is large, written once. */
import { LabError } from '../../errors'
import { parseJson } from '../../formats/schema'
import { utf8 } from '../../formats/text'
import { fieldsOf } from '../../formats/fields'
import type { Shelf } from '../../storage/shelf'
import type { DirectionSet } from '../directions/fits.svelte'
import type { Comparison } from '../steer/comparison'
import { readEach } from '../keeping.svelte'
import { keepComparison, readComparison } from './kept-answers'
import { keepDirections, readDirectionsKept } from './kept-directions'
import { readSessionDocument, type SessionDocument } from './session-document'

/** A session that is kept. */
export interface KeptSession {
  readonly id: string
  readonly document: SessionDocument
}

/** What comes out of the browser, without what cannot be read; `error` says why something could not. */
export interface RestoredSession {
  readonly sets: ReadonlyMap<string, DirectionSet>
  readonly answers: ReadonlyMap<string, Comparison>
  readonly error: Error | null
}

/** Sessions that are kept beside the one of this tab. */
const mostSessions = 6

export class SessionShelf {
  readonly #shelf: Shelf

  constructor(shelf: Shelf) {
    this.#shelf = shelf
  }

  /** The newest first. Those of another version are left alone. */
  async list(): Promise<readonly KeptSession[]> {
    const { kept } = readEach(await this.#shelf.all('sessions'), ([id, value]) => {
      return { id, document: readSessionDocument(value, 'a kept session') }
    })
    return kept.toSorted((a, b) => b.document.changed.localeCompare(a.document.changed))
  }

  async load(id: string): Promise<RestoredSession> {
    const [directions, comparisons] = await Promise.all([
      this.#shelf.all('session-directions'),
      this.#shelf.all('session-answers')
    ])
    const sets = readEach(below(directions, id), ([key, value]) => [key, readSet(value)] as const)
    const known = new Map(sets.kept)
    const answers = readEach(below(comparisons, id), ([key, value]) => {
      const where = 'a kept answer'
      const text = value instanceof Uint8Array ? utf8(value, where) : ''
      return [key, readComparison(parseJson(text, where), where, (set) => known.get(set))] as const
    })
    return { sets: known, answers: new Map(answers.kept), error: sets.error ?? answers.error }
  }

  putDocument(id: string, document: SessionDocument): Promise<void> {
    return this.#shelf.put('sessions', id, document)
  }

  putSet(id: string, key: string, set: DirectionSet): Promise<void> {
    const { facts, ...bytes } = keepDirections(set)
    return this.#shelf.put('session-directions', `${id}/${key}`, { ...bytes, facts: JSON.stringify(facts) })
  }

  putAnswer(id: string, key: string, comparison: Comparison, idOf: (set: DirectionSet) => string): Promise<void> {
    // As bytes: what is plain is noted in localStorage, too, which has no room for this.
    const bytes = new TextEncoder().encode(JSON.stringify(keepComparison(comparison, idOf)))
    return this.#shelf.put('session-answers', `${id}/${key}`, bytes)
  }

  remove(what: 'set' | 'answer', id: string, key: string): Promise<void> {
    return this.#shelf.remove(what === 'set' ? 'session-directions' : 'session-answers', `${id}/${key}`)
  }

  /** Deletes a session and all that belongs to it. */
  async delete(id: string): Promise<void> {
    for (const box of ['session-directions', 'session-answers'] as const) {
      for (const [key] of below(await this.#shelf.all(box), id)) await this.#shelf.remove(box, `${id}/${key}`)
    }
    await this.#shelf.remove('sessions', id)
  }

  /** Deletes the oldest sessions beyond those that are kept, but none that a tab has. */
  async prune(isClaimed: (id: string) => Promise<boolean>): Promise<void> {
    const old = (await this.list()).slice(mostSessions)
    for (const { id } of old) if (!(await isClaimed(id))) await this.delete(id)
  }
}

/** The values of one session, by what follows its id. */
function below(values: ReadonlyMap<string, unknown>, id: string): readonly (readonly [string, unknown])[] {
  return [...values].flatMap(([key, value]) =>
    key.startsWith(`${id}/`) ? [[key.slice(id.length + 1), value] as const] : []
  )
}

function readSet(value: unknown): DirectionSet {
  const fields = fieldsOf(value)
  const [facts, directions, centers] = [fields.get('facts'), fields.get('directions'), fields.get('centers')]
  if (typeof facts !== 'string' || !(directions instanceof Uint8Array)) {
    throw new LabError('format', 'a kept direction cannot be read by this version: fit it again')
  }
  const where = 'a kept direction'
  const parts = {
    directions: new Uint8Array(directions),
    centers: centers instanceof Uint8Array ? new Uint8Array(centers) : null
  }
  return readDirectionsKept(parseJson(facts, where), where, parts)
}
