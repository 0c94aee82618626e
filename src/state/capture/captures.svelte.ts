import type { NamedFile } from '../../direction/files/files'
import type { Position } from '../../lab/api'
import { memoryShelf, type Shelf } from '../../storage/shelf'
import { Keeping, readEach } from '../keeping.svelte'
import type { CaptureSettings } from '../link'
import type { PromptSet } from '../prompts/prompt-set'
import { Undo } from '../undo.svelte'
import { importCapture, isComparable, readKeptCapture, type Capture } from './capture'
import { Reading, type OpenModel } from './reading.svelte'

/** Captures in one figure: there are as many shapes. */
const mostShown = 6

/** The captures on the bench, and those that the figures show. */
export class Captures {
  readonly undo = new Undo()
  readonly keeping = new Keeping()
  /** The one that is under way. */
  readonly reading = new Reading()
  position = $state<Position>('last')
  /** What is captured next: `contrast` for both sides, else the id of a set. */
  setId = $state('contrast')
  #layer = $state<number | null>(null)
  readonly #shelf: Shelf
  #list = $state.raw<readonly Capture[]>([])
  #shown = $state.raw<readonly string[]>([])

  /** Those that the figures show, in the order of the list. */
  readonly shown: readonly Capture[] = $derived(this.#list.filter(({ id }) => this.#shown.includes(id)))

  constructor(shelf: Shelf = memoryShelf()) {
    this.#shelf = shelf
  }

  get list(): readonly Capture[] {
    return this.#list
  }

  /** The layer of the scatter: a layer of what is shown, a little past the middle until one is asked for. */
  get layer(): number {
    const layers = this.shown[0]?.states.layers ?? 1
    return Math.min(layers - 1, this.#layer ?? Math.round(0.55 * (layers - 1)))
  }

  set layer(layer: number) {
    this.#layer = layer
  }

  /** What a link holds. */
  get settings(): CaptureSettings {
    return { position: this.position, captureLayer: this.#layer }
  }

  follow({ position, captureLayer }: CaptureSettings): void {
    this.position = position
    this.#layer = captureLayer
  }

  /** Shows a capture; those of another model leave the figures, and the oldest where there are too many. */
  show(capture: Capture): void {
    const beside = this.shown.filter((other) => other.id !== capture.id && isComparable(other, capture))
    this.#shown = [...beside.map(({ id }) => id), capture.id].slice(-mostShown)
  }

  hide(capture: Capture): void {
    this.#shown = this.#shown.filter((id) => id !== capture.id)
  }

  rename(capture: Capture, name: string): void {
    const { id } = capture
    this.#list = this.#list.map((other) => (other.id === id ? { ...capture, name } : other))
    // Beside the capture: a name must not wait for megabytes of hidden states to be written again.
    this.keeping.later(nameOf(id), () => this.#shelf.put('capture-names', id, name))
  }

  /** Can be undone. */
  remove(capture: Capture): void {
    this.#list = this.#list.filter(({ id }) => id !== capture.id)
    this.hide(capture)
    this.keeping.forget(nameOf(capture.id))
    void this.keeping.now(async () => {
      await Promise.all([this.#shelf.remove('captures', capture.id), this.#shelf.remove('capture-names', capture.id)])
    }, capture.id)
    this.undo.offer(`\u201c${capture.name}\u201d was deleted.`, () => this.#add(capture))
  }

  /** Reads the hidden states of each set, as a capture each, and shows them alone where it is more than one. */
  async run(model: OpenModel, sets: readonly PromptSet[], position: Position): Promise<void> {
    const captures = await this.reading.read(model, sets, position)
    if (captures.length > 1) this.#shown = []
    for (const capture of captures) this.#add(capture)
  }

  /** Takes a capture from a file, and shows it. @throws LabError `format` */
  take(files: readonly NamedFile[]): void {
    this.#add(importCapture(files))
  }

  /** Takes in a capture that was made elsewhere, unless it is here. Returns whether it was new. */
  bring(capture: Capture): boolean {
    if (this.#list.some(({ id }) => id === capture.id)) return false
    this.#add(capture)
    return true
  }

  /** Brings back what the browser kept. */
  restore(): Promise<void> {
    return this.keeping.now(async () => {
      const [captures, names] = await Promise.all([this.#shelf.all('captures'), this.#shelf.all('capture-names')])
      const { kept, error } = readEach(captures.values(), readKeptCapture)
      const isNew = ({ id }: Capture): boolean => !this.#list.some((capture) => capture.id === id)
      this.#list = inOrder([...kept.filter(isNew).map((one) => renamed(one, names.get(one.id))), ...this.#list])
      const last = this.#list.at(-1)
      if (this.#shown.length === 0 && last) {
        this.#shown = this.#list
          .filter((other) => isComparable(other, last))
          .slice(-2)
          .map(({ id }) => id)
      }
      if (error) throw error
    })
  }

  #add(capture: Capture): void {
    this.#list = inOrder([...this.#list, capture])
    this.show(capture)
    void this.keeping.now(() => this.#shelf.put('captures', capture.id, capture), capture.id)
  }
}

/** By the name that was given to it later, where there is one. */
/** Under which the name of a capture is kept, which is beside it. */
function nameOf(id: string): string {
  return `name ${id}`
}

function renamed(capture: Capture, name: unknown): Capture {
  return typeof name === 'string' ? { ...capture, name } : capture
}

function inOrder(captures: readonly Capture[]): readonly Capture[] {
  return captures.toSorted((a, b) => a.created.localeCompare(b.created))
}
