/** Writes a session as it changes: what is large once, the document each time. */
import type { DirectionSet, Fits } from '../directions/fits.svelte'
import type { Comparison } from '../steer/comparison'
import type { History } from '../steer/history.svelte'
import type { SessionDocument } from './session-document'
import type { SessionContents } from './session-files'
import type { SessionShelf } from './session-shelf'

/** Directions of a session that outlive a reload, in number and in bytes. */
export const mostSets = 24
const mostBytes = 64 * 2 ** 20

/** Directions and comparisons by their ids. */
export type Things = Pick<SessionContents, 'sets' | 'answers'>

export class SessionWriter {
  readonly #store: SessionShelf
  readonly #fits: Fits
  readonly #history: History
  readonly #ids = new WeakMap<object, string>()
  /** What lies in the browser by now. */
  readonly #sets = new Map<string, DirectionSet>()
  readonly #answers = new Map<string, Comparison>()

  constructor(store: SessionShelf, fits: Fits, history: History) {
    this.#store = store
    this.#fits = fits
    this.#history = history
  }

  /** The id of directions, or of a comparison's setting. */
  idOf(thing: object): string {
    const known = this.#ids.get(thing) ?? crypto.randomUUID()
    this.#ids.set(thing, known)
    return known
  }

  /** Gives things the ids that they had. @param areKept whether they lie in the browser under this session */
  remember({ sets, answers }: Things, areKept: boolean): void {
    for (const [id, set] of sets) this.#ids.set(set, id)
    for (const [id, { setting }] of answers) this.#ids.set(setting, id)
    if (!areKept) return
    for (const [id, set] of sets) this.#sets.set(id, set)
    for (const [id, answer] of answers) this.#answers.set(id, answer)
  }

  /** All that is on the page, by its ids. */
  get all(): Things {
    const { list } = this.#history
    const sets = [...new Set([...this.#fits.list, ...list.map(({ setting }) => setting.directions)])]
    return {
      sets: new Map(sets.map((set) => [this.idOf(set), set])),
      answers: new Map(list.map((one) => [this.idOf(one.setting), one]))
    }
  }

  /** Those of a file that are not on the page. */
  newOf({ sets, answers }: Things): Things {
    const here = this.all
    return {
      sets: new Map([...sets].filter(([id]) => !here.sets.has(id))),
      answers: new Map([...answers].filter(([id]) => !here.answers.has(id)))
    }
  }

  /**
   * What is large first: a document never names what is not there.
   * @returns how many directions of the bench there is no room for
   * @throws LabError `quota`
   */
  async write(id: string, document: SessionDocument): Promise<number> {
    const { list } = this.#history
    const used = list.map(({ setting }) => setting.directions)
    const sets = newest([...new Set([...used, ...this.#fits.list])], this.#fits.chosen)
    const answers = list.filter(({ setting }) => sets.includes(setting.directions))
    for (const set of sets) await this.#putSet(id, set)
    for (const answer of answers) await this.#putAnswer(id, answer)
    await this.#store.putDocument(id, { ...document, changed: new Date().toISOString() })
    const kept = new Set([...sets, ...answers.map(({ setting }) => setting)].map((one) => this.idOf(one)))
    await this.#removeOthers(id, kept)
    return this.#fits.list.filter((set) => !sets.includes(set)).length
  }

  async #putSet(id: string, set: DirectionSet): Promise<void> {
    const key = this.idOf(set)
    if (this.#sets.get(key) === set) return
    await this.#store.putSet(id, key, set)
    this.#sets.set(key, set)
  }

  async #putAnswer(id: string, answer: Comparison): Promise<void> {
    const key = this.idOf(answer.setting)
    if (this.#answers.get(key) === answer) return
    await this.#store.putAnswer(id, key, answer, (set) => this.idOf(set))
    this.#answers.set(key, answer)
  }

  async #removeOthers(id: string, kept: ReadonlySet<string>): Promise<void> {
    for (const [what, known] of [
      ['set', this.#sets],
      ['answer', this.#answers]
    ] as const) {
      for (const key of [...known.keys()].filter((one) => !kept.has(one))) {
        await this.#store.remove(what, id, key)
        known.delete(key)
      }
    }
  }
}

/** The newest sets that there is room for, and in any case the one in use. */
function newest(sets: readonly DirectionSet[], inUse: DirectionSet | null): readonly DirectionSet[] {
  let bytes = 0
  const byAge = [...sets.filter((set) => set === inUse), ...sets.filter((set) => set !== inUse).reverse()]
  return byAge.filter((set, i) => {
    bytes += sizeOf(set)
    return i === 0 || (i < mostSets && bytes <= mostBytes)
  })
}

function sizeOf(set: DirectionSet): number {
  const own = set.directions.reduce((sum, { vector }) => sum + vector.byteLength, 0)
  return set.kind === 'fitted' ? own + set.centers.byteLength : own
}
