import { placeKey } from '../../direction/combine'
import { memoryShelf, type Shelf } from '../../storage/shelf'
import type { DirectionSet } from './fits.svelte'
import { Keeping, readEach } from '../keeping.svelte'
import { computed, keptForm, readKept, savedFrom, type Arithmetic, type SavedDirection } from './saved-direction'
import { Undo } from '../undo.svelte'

/** Directions of one base, layer and width, which can be compared. */
export interface SavedGroup {
  readonly key: string
  readonly members: readonly SavedDirection[]
}

/** The directions that are kept by name. */
export class SavedDirections {
  readonly undo = new Undo()
  readonly keeping = new Keeping()
  readonly #shelf: Shelf
  #list = $state.raw<readonly SavedDirection[]>([])

  /** Those that can be compared with another one, in the order of the list. */
  readonly groups: readonly SavedGroup[] = $derived.by(() => {
    const keyed = this.#list.map((saved) => ({ saved, key: placeKey(saved.direction) }))
    const keys = keyed.map(({ key }) => key).filter((key, i, all) => all.indexOf(key) === i)
    const membersOf = (key: string): readonly SavedDirection[] =>
      keyed.filter((one) => one.key === key).map(({ saved }) => saved)
    return keys.map((key) => ({ key, members: membersOf(key) })).filter(({ members }) => members.length > 1)
  })

  constructor(shelf: Shelf = memoryShelf()) {
    this.#shelf = shelf
  }

  get list(): readonly SavedDirection[] {
    return this.#list
  }

  /** Saves the direction of one layer. @throws LabError `shape` where the set has none there */
  save(set: DirectionSet, layer: number, name: string): void {
    this.#add(savedFrom(set, layer, this.#unused(name)))
  }

  /** Saves the result. @throws LabError `shape` where the directions do not fit together, or nothing is left */
  compute(arithmetic: Arithmetic, name: string): void {
    this.#add(computed(arithmetic, this.#unused(name)))
  }

  /** An empty name changes nothing; one that is taken gets a number. */
  rename(saved: SavedDirection, name: string): void {
    const wanted = name.trim()
    if (wanted === '' || wanted === saved.name) return
    const renamed = { ...saved, name: this.#unused(wanted) }
    this.#list = this.#list.map((other) => (other.id === saved.id ? renamed : other))
    this.#keep(renamed)
  }

  /** Can be undone. */
  remove(saved: SavedDirection): void {
    this.#list = this.#list.filter(({ id }) => id !== saved.id)
    void this.keeping.now(() => this.#shelf.remove('directions', saved.id), saved.id)
    this.undo.offer(`\u201c${saved.name}\u201d was deleted.`, () => this.#add(saved))
  }

  /** Brings back what the browser kept. */
  restore(): Promise<void> {
    return this.keeping.now(async () => {
      const { kept, error } = readEach((await this.#shelf.all('directions')).values(), readKept)
      const isNew = ({ id }: SavedDirection): boolean => !this.#list.some((saved) => saved.id === id)
      this.#list = inOrder([...kept.filter(isNew), ...this.#list])
      if (error) throw error
    })
  }

  /** Takes in a direction that was saved elsewhere, unless it is here. Returns whether it was new. */
  bring(saved: SavedDirection): boolean {
    if (this.#list.some(({ id }) => id === saved.id)) return false
    this.#add({ ...saved, name: this.#unused(saved.name) })
    return true
  }

  #add(saved: SavedDirection): void {
    this.#list = inOrder([...this.#list, saved])
    this.#keep(saved)
  }

  #keep(saved: SavedDirection): void {
    void this.keeping.now(() => this.#shelf.put('directions', saved.id, keptForm(saved)), saved.id)
  }

  #unused(name: string): string {
    const isTaken = (wanted: string): boolean => this.#list.some((saved) => saved.name === wanted)
    let free = name
    for (let i = 2; isTaken(free); i++) free = `${name} (${i})`
    return free
  }
}

function inOrder(list: readonly SavedDirection[]): readonly SavedDirection[] {
  return list.toSorted((a, b) => a.created.localeCompare(b.created))
}
