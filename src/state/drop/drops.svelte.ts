import type { NamedFile } from '../../direction/files/files'
import { LabError } from '../../errors'
import type { Lab } from '../lab.svelte'
import type { StepView } from '../steps'
import { kindOf, type DroppedFiles, type FileKind } from './file-kind'

/** What became of a drop. */
export interface Said {
  readonly text: string
  /** The panel that shows it; null for none. */
  readonly view: StepView | null
  readonly isFailure: boolean
}

/** Files that are dropped anywhere on the page: each goes where it belongs, and the page says what it did. */
export class Drops {
  readonly #lab: Lab
  #said = $state.raw<Said | null>(null)
  #isBusy = $state(false)

  constructor(lab: Lab) {
    this.#lab = lab
  }

  /** Of the last drop; null before it, and once it was read. */
  get said(): Said | null {
    return this.#said
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  dismiss(): void {
    this.#said = null
  }

  /** Takes a drop in. Never rejects: what failed is said. */
  async take(files: DroppedFiles | Promise<DroppedFiles>): Promise<void> {
    this.#isBusy = true
    this.#said = null
    try {
      this.#said = { ...(await this.#route(await kindOf(await files))), isFailure: false }
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error)
      this.#said = { text: `Nothing was opened: ${text}`, view: null, isFailure: true }
    } finally {
      this.#isBusy = false
    }
  }

  async #route(found: FileKind): Promise<Omit<Said, 'isFailure'>> {
    const lab = this.#lab
    switch (found.kind) {
      case 'prompts':
        return { text: await this.#prompts(found.files), view: 'prompts' }
      case 'directions':
        await lab.inUse.take(found.files, null)
        return {
          text: `Put \u201c${found.files[0]?.name ?? ''}\u201d on the bench as a direction to steer by.`,
          view: 'directions'
        }
      case 'capture':
        lab.captures.take(found.files)
        return { text: `Added \u201c${found.files[0]?.name ?? ''}\u201d as a capture.`, view: 'capture' }
      case 'adapter':
        return { text: await this.#adapter(found), view: 'models' }
      case 'model':
        return this.#model(found)
      case 'session':
        return { text: await lab.sharing.open(new Uint8Array(await found.blob.arrayBuffer())), view: null }
      case 'run':
        await lab.runs.openBundle(found.blob, found.name.replace(/\.zip$/i, ''))
        if (lab.runs.status.kind === 'failed') throw lab.runs.status.error
        return { text: `Opened the run \u201c${found.name}\u201d.`, view: 'study' }
      case 'study':
        if (!(await lab.study.kept.unpack(found.blob))) {
          throw new LabError(
            'format',
            `\u201c${found.name}\u201d holds no study that can go on: save it again where it was begun`
          )
        }
        return {
          text: `Took in the unfinished study \u201c${found.name}\u201d; it can go on from where it was.`,
          view: 'study'
        }
    }
  }

  async #prompts(files: readonly NamedFile[]): Promise<string> {
    const { sets } = this.#lab
    let count = 0
    for (const { name, bytes } of files) {
      await sets.takeFile(name, bytes)
      count += sets.intake?.count ?? 0
    }
    const what = files.length === 1 ? 'a set' : `${files.length} sets`
    return `Added ${count} ${count === 1 ? 'prompt' : 'prompts'} as ${what}.`
  }

  async #adapter({ source, name }: Extract<FileKind, { kind: 'adapter' }>): Promise<string> {
    const lab = this.#lab
    const { adapters } = lab.models
    const model = lab.models.chosen?.name
    if (!adapters || model === undefined) {
      throw new LabError('adapter', `\u201c${name}\u201d is an adapter, and no model is open; open its base first`)
    }
    await adapters.load(source)
    if (adapters.status.kind === 'failed') throw adapters.status.error
    return `Attached the adapter \u201c${adapters.used?.name ?? name}\u201d to ${model}.`
  }

  async #model({ source }: Extract<FileKind, { kind: 'model' }>): Promise<Omit<Said, 'isFailure'>> {
    const lab = this.#lab
    const isOpen = await lab.opening.choose(source)
    const { chosen } = lab.models
    if (!isOpen && chosen?.status.kind === 'failed') throw chosen.status.error
    return {
      text: isOpen ? `Opened the model \u201c${chosen?.name ?? ''}\u201d.` : 'The opening was cancelled.',
      view: 'models'
    }
  }
}
