import type { PromptList } from '../../formats/prompts/list'
import { object, read, text } from '../../formats/schema'
import { memoryShelf, type Shelf } from '../../storage/shelf'
import { Keeping, readEach } from '../keeping.svelte'
import {
  isLine,
  keptSet,
  makeSet,
  overlapsOf,
  plainRow,
  readKeptSet,
  roleOfName,
  setSha256,
  textOf,
  withText,
  type PromptSet,
  type Role
} from './prompt-set'
import type { Prompts } from './prompts.svelte'
import { Undo } from '../undo.svelte'

/** The two sides of the contrast in the list of sets: their ids are their roles. */
export type SideRole = 'positive' | 'negative'

/** A file that was taken in: what became of it. */
export interface Intake {
  readonly file: string
  readonly count: number
  /** What a reader should know of the file, one sentence each. */
  readonly notes: readonly string[]
}

const sidesSchema = object({ positiveName: text, positiveText: text, negativeName: text, negativeText: text })

/** The prompt sets of the page, the two sides of the contrast among them, kept over a reload. */
export class PromptSets {
  readonly undo = new Undo()
  readonly keeping = new Keeping()
  readonly #contrast: Prompts
  readonly #shelf: Shelf
  #list = $state.raw<readonly PromptSet[]>([])
  #chosenId = $state<string>('positive')
  #hashes = $state.raw<readonly { readonly prompts: PromptSet['prompts']; readonly sha256: string }[]>([])
  #intake = $state.raw<Intake | null>(null)

  readonly positive: PromptSet = $derived.by(() => side('positive', this.#contrast))
  readonly negative: PromptSet = $derived.by(() => side('negative', this.#contrast))
  /** The sides of the contrast, then all others in the order that they were made. */
  readonly all: readonly PromptSet[] = $derived([this.positive, this.negative, ...this.#list])
  /** Sets that should be disjoint and are not. */
  readonly overlaps = $derived(overlapsOf(this.all))
  readonly chosen: PromptSet = $derived(this.all.find(({ id }) => id === this.#chosenId) ?? this.positive)

  constructor(contrast: Prompts, shelf: Shelf = memoryShelf()) {
    this.#contrast = contrast
    this.#shelf = shelf
  }

  /** What the last file held; null before the first. */
  get intake(): Intake | null {
    return this.#intake
  }

  choose(id: string): void {
    this.#chosenId = id
  }

  /** Whether a set is a side of the contrast, which stays where it is. */
  isSide({ id }: PromptSet): boolean {
    return id === 'positive' || id === 'negative'
  }

  /** The first digits of the set's SHA-256; empty until it is computed, a moment after an edit. */
  shortHash({ prompts }: PromptSet): string {
    return this.#hashes.find((one) => one.prompts === prompts)?.sha256.slice(0, 8) ?? ''
  }

  /** Computes the hash of a set that stays as it is for a moment. Resolves when it is known. */
  async hash({ prompts }: PromptSet): Promise<void> {
    if (this.#hashes.some((one) => one.prompts === prompts)) return
    const sha256 = await setSha256(prompts)
    const current = this.all.map((set) => set.prompts)
    this.#hashes = [...this.#hashes.filter((one) => current.includes(one.prompts)), { prompts, sha256 }]
  }

  /** Adds a set, and chooses it. */
  add(set: PromptSet): void {
    this.#list = inOrder([...this.#list, set])
    this.#chosenId = set.id
    void this.keeping.now(() => this.#put(set), set.id)
  }

  /** Takes in a set that was made elsewhere, unless it is here. Returns whether it was new. */
  bring(set: PromptSet): boolean {
    if (this.#list.some(({ id }) => id === set.id)) return false
    this.add(set)
    return true
  }

  addEmpty(): void {
    this.add(makeSet('new set', 'eval', []))
  }

  duplicate(set: PromptSet): void {
    this.add(makeSet(`${set.name} copy`, set.role, set.prompts))
  }

  rename(set: PromptSet, name: string): void {
    this.#replace({ ...set, name })
  }

  setRole(set: PromptSet, role: Role): void {
    this.#replace({ ...set, role })
  }

  /** @param text one prompt a line; see `withText` */
  edit(set: PromptSet, text: string): void {
    this.#replace(withText(set, text))
  }

  /** Takes one prompt out; can be undone. */
  removePrompt(set: PromptSet, id: string): void {
    this.#replace({ ...set, prompts: set.prompts.filter((row) => row.id !== id) })
    this.undo.offer(`A prompt of \u201c${set.name}\u201d was deleted.`, () => {
      this.#update(set.id, () => set)
    })
  }

  /** Takes a set off the list; can be undone. */
  remove(set: PromptSet): void {
    this.#list = this.#list.filter(({ id }) => id !== set.id)
    this.keeping.forget(set.id)
    void this.keeping.now(() => this.#shelf.remove('prompt-sets', set.id), set.id)
    this.undo.offer(`\u201c${set.name}\u201d was deleted.`, () => this.add(set))
  }

  /** What keeps a set from being a side of the contrast, in one sentence; null when nothing does. */
  sideProblem({ prompts }: PromptSet): string | null {
    const other = prompts.filter((row) => !isLine(row)).length
    if (prompts.length === 0) return 'The set is empty.'
    return other > 0
      ? `A side of the contrast takes single lines; ${other} of these prompts have several turns or line breaks.`
      : null
  }

  /** Puts a copy of the set's prompts on one side of the contrast, and gives the set that role; can be undone. */
  useAs(role: SideRole, set: PromptSet): void {
    const before = this[role]
    this.#setSide(role, set)
    this.setRole(set, role)
    this.undo.offer(`The ${role} side is now \u201c${set.name}\u201d.`, () => {
      this.#setSide(role, before)
      this.#update(set.id, (now) => ({ ...now, role: set.role }))
    })
  }

  /** Brings the example contrast back; can be undone. */
  restoreExample(): void {
    const { positive, negative } = this
    this.#contrast.restoreExample()
    this.keepContrast()
    this.undo.offer('The example contrast is back.', () => {
      this.#setSide('positive', positive)
      this.#setSide('negative', negative)
    })
  }

  /** Adds the prompts that a file held as a set, with the role that its name suggests. */
  take(file: string, { prompts, notes }: PromptList, named: { name?: string; role?: Role } = {}): void {
    const name = named.name ?? file.replace(/\.[^.]*$/, '')
    this.add(makeSet(name, named.role ?? roleOfName(file), prompts))
    this.#intake = { file, count: prompts.length, notes }
  }

  /** Brings back what the browser kept; `contrast`: also the two sides, where they are still the example. */
  restore({ contrast }: { readonly contrast: boolean }): Promise<void> {
    return this.keeping.now(async () => {
      const { kept, error } = readEach((await this.#shelf.all('prompt-sets')).values(), readKeptSet)
      const isNew = ({ id }: PromptSet): boolean => !this.#list.some((set) => set.id === id)
      this.#list = inOrder([...kept.filter(isNew), ...this.#list])
      const sides = (await this.#shelf.all('contrast')).get('sides')
      if (contrast && sides !== undefined && this.#contrast.isExample) this.#restoreSides(sides)
      if (error) throw error
    })
  }

  /** Keeps the two sides as they are; call it when they were edited. */
  keepContrast(): void {
    const { positiveName, positiveText, negativeName, negativeText, isExample } = this.#contrast
    const kept = { positiveName, positiveText, negativeName, negativeText }
    this.keeping.later('contrast', () =>
      isExample ? this.#shelf.remove('contrast', 'sides') : this.#shelf.put('contrast', 'sides', kept)
    )
  }

  #restoreSides(kept: unknown): void {
    const { positiveName, positiveText, negativeName, negativeText } = read(sidesSchema, kept, 'the kept contrast')
    this.#contrast.setPositive({ name: positiveName, text: positiveText })
    this.#contrast.setNegative({ name: negativeName, text: negativeText })
  }

  #setSide(role: SideRole, set: PromptSet): void {
    const given = { name: set.name, text: textOf(set) }
    if (role === 'positive') this.#contrast.setPositive(given)
    else this.#contrast.setNegative(given)
    this.keepContrast()
  }

  /** Changes a set that may have gone since. */
  #update(id: string, change: (set: PromptSet) => PromptSet): void {
    const set = this.#list.find((other) => other.id === id)
    if (set) this.#replace(change(set))
  }

  #replace(set: PromptSet): void {
    this.#list = this.#list.map((other) => (other.id === set.id ? set : other))
    this.keeping.later(set.id, () => this.#put(set))
  }

  #put(set: PromptSet): Promise<void> {
    return this.#shelf.put('prompt-sets', set.id, keptSet(set))
  }
}

function side(role: SideRole, prompts: Prompts): PromptSet {
  const name = role === 'positive' ? prompts.positiveName : prompts.negativeName
  const rows = prompts[role].map((line, index) => plainRow(String(index + 1), line))
  return { id: role, created: '', name, role, prompts: rows }
}

function inOrder(sets: readonly PromptSet[]): readonly PromptSet[] {
  return sets.toSorted((a, b) => a.created.localeCompare(b.created))
}
