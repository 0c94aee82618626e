import { LabError } from '../../errors'
import { quoted } from '../../formats/text'
import type { AdapterSource, ModelSource } from '../../lab/api'
import { measureSpeed } from '../../lab/measure-speed'
import type { StudyPlan } from '../../study/plan'
import type { StudyAdapter, StudyModel, StudySettings } from '../../study/settings'
import { sourcesOf } from '../../study/kept'
import type { SettingNote } from '../../study/setting-fields'
import { linkedPreset, type LinkedPreset } from '../link'
import type { ForeignHosts } from '../models/foreign-hosts.svelte'
import { sourceName } from '../models/models.svelte'
import { endOf, type Status } from '../status'
import { cautionsOf, estimateOf, problemSentences, speedKey, type Estimate, type KnownSpeed } from './study-estimate'
import { freeKey, freeName } from './study-names'
import type { Engines, Preset, StudyProtocol } from './study-protocol'
import { Undo } from '../undo.svelte'

/** The study that is being planned: a preset, or one of one's own. */
export class StudyDraft {
  readonly undo = new Undo()
  readonly #engines: Engines
  readonly #hosts: ForeignHosts
  readonly #protocol: () => Promise<StudyProtocol>
  #ready = $state.raw<StudyProtocol | null>(null)
  #settings = $state.raw<StudySettings | null>(null)
  #speeds = $state.raw<readonly KnownSpeed[]>([])
  #status = $state.raw<Status<string>>({ kind: 'idle' })
  #failure = $state.raw<Error | null>(null)
  #controller: AbortController | null = null
  /** The preset that a link asks for, before the study's code is there. */
  #linked = $state.raw<LinkedPreset | null>(null)

  readonly plan: StudyPlan | null = $derived.by(() =>
    this.#ready && this.#settings ? this.#ready.plan(this.#settings) : null
  )

  /** What hinders the start, one sentence each. */
  readonly problems: readonly string[] = $derived.by(() => (this.#settings ? problemSentences(this.#settings) : []))

  /** What will make a verdict weaker, one sentence each. */
  readonly cautions: readonly string[] = $derived.by(() => (this.#settings ? cautionsOf(this.#settings) : []))

  /** Null until every model was measured here. */
  readonly estimate: Estimate | null = $derived.by(() =>
    this.#settings && this.plan ? estimateOf(this.#settings, this.plan, this.#speeds) : null
  )

  constructor(engines: Engines, protocol: () => Promise<StudyProtocol>, hosts: ForeignHosts) {
    this.#engines = engines
    this.#hosts = hosts
    this.#protocol = protocol
  }

  /** Null until the study's code has come. */
  get settings(): StudySettings | null {
    return this.#settings
  }

  /** Models that can be taken in: the organisms, and the families of the source. */
  get available(): readonly StudyModel[] {
    return this.#ready ? [...this.#ready.preset('offline').models, ...this.#ready.preset('full').models] : []
  }

  /** Of the measurement: the step is the title of the model. */
  get status(): Status<string> {
    return this.#status
  }

  /** Why the study's code, or a file of settings, could not be read. */
  get failure(): Error | null {
    return this.#failure
  }

  /** Brings the study's code, and begins with the demonstration. */
  async load(): Promise<void> {
    try {
      this.#ready = await this.#protocol()
      this.#settings ??= this.#ready.preset(this.#linked ?? 'demo')
    } catch (error) {
      this.#fail(error)
    }
  }

  /** What a link holds. */
  get preset(): LinkedPreset | null {
    return this.#settings ? linkedPreset(this.#settings.preset) : this.#linked
  }

  /** Takes the preset of a link, once the study's code is there. Without one, what is planned stays. */
  follow({ preset }: { readonly preset: LinkedPreset | null }): void {
    this.#linked = preset
    if (preset) this.choose(preset)
  }

  choose(preset: Preset): void {
    if (!this.#ready || this.#settings?.preset === preset) return
    if (preset === 'custom' && this.#settings) this.#settings = { ...this.#settings, preset }
    else this.take(this.#ready.preset(preset))
  }

  /** Takes settings over as they are. Where that sets work aside, it can be undone. */
  take(settings: StudySettings): void {
    if (this.#settings && isOwn(this.#settings)) this.#offer('Your own settings were replaced.')
    this.#settings = settings
  }

  /** Changes one setting; false where the text is no value of it. */
  set(note: SettingNote, text: string): boolean {
    const next = this.#settings && note.write(this.#settings, text)
    if (next) this.#settings = { ...next, preset: 'custom' }
    return next !== null
  }

  /** Takes a model out of the study, which can be undone, or back in. */
  toggle(model: StudyModel, isIn: boolean): void {
    if (!this.#settings || !this.#ready) return
    const { models } = this.#settings
    if (!isIn) this.#offer(`\u201c${model.title}\u201d was taken out of the study.`)
    const others = models.filter(({ key }) => key !== model.key)
    // An organism and the family that it is of may have the same key.
    const key = others.length < models.length ? freeKey(model.title, models) : model.key
    this.#models(isIn ? [...models, { ...model, key }] : others)
  }

  /** Takes in a model of the reader's own. */
  addModel(source: ModelSource): void {
    this.#hosts.vouch(source)
    const title = sourceName(source)
    const key = freeKey(title, this.#settings?.models ?? [])
    this.toggle({ key, title, source, adapters: [] }, true)
  }

  addAdapter(key: string, kind: StudyAdapter['kind'], source: AdapterSource): void {
    this.#hosts.vouch(source)
    this.#adapters(key, (adapters) => [...adapters, { name: freeName(kind, adapters), kind, source }])
  }

  /** Can be undone. */
  removeAdapter(key: string, name: string): void {
    this.#offer(`\u201c${name}\u201d was taken out of the study.`)
    this.#adapters(key, (adapters) => adapters.filter((adapter) => adapter.name !== name))
  }

  /** The settings as a file. */
  get text(): string {
    return this.#ready && this.#settings ? this.#ready.writeSettings(this.#settings) : ''
  }

  /** Reads settings from a file. */
  async open(file: File): Promise<void> {
    this.#failure = null
    try {
      const { readSettings } = await this.#protocol()
      this.take(readSettings(await parse(file), quoted(file.name)))
    } catch (error) {
      this.#fail(error)
    }
  }

  /** Measures every model of the study on this device, one after the other. */
  async measure(): Promise<void> {
    const settings = this.#settings
    if (!settings || this.#status.kind === 'running') return
    if (!(await this.#hosts.ask(sourcesOf(settings.models)))) return
    const { signal } = (this.#controller = new AbortController())
    const { dtype, device, maxTokens, temperature } = settings
    const options = { ...(dtype && { dtype }), ...(device && { device }) }
    try {
      for (const model of settings.models) {
        this.#status = { kind: 'running', step: model.title }
        const { prompts: promptsOf } = await this.#protocol()
        const prompts = await promptsOf(Math.min(settings.batch, mostMeasured))
        const adapter = model.adapters[0]?.source ?? null
        const task = { source: model.source, adapter, options, prompts, maxTokens, temperature }
        const speed = await measureSpeed(this.#engines.connect, task, signal)
        this.#speeds = [...this.#speeds, { key: speedKey(settings, model), speed }]
      }
      this.#status = { kind: 'done' }
    } catch (error) {
      this.#status = endOf(error)
    }
  }

  cancel(): void {
    this.#controller?.abort()
  }

  /** Offers the way back to the settings as they are now. */
  #offer(sentence: string): void {
    const before = this.#settings
    this.undo.offer(sentence, () => (this.#settings = before))
  }

  #models(models: readonly StudyModel[]): void {
    if (this.#settings) this.#settings = { ...this.#settings, preset: 'custom', models }
  }

  #adapters(key: string, change: (adapters: readonly StudyAdapter[]) => readonly StudyAdapter[]): void {
    const models = this.#settings?.models ?? []
    const next = models.map((model) => (model.key === key ? { ...model, adapters: change(model.adapters) } : model))
    // The preset of the families is one that adapters are attached to.
    if (this.#settings) this.#settings = { ...this.#settings, models: next }
  }

  #fail(error: unknown): void {
    this.#failure = error instanceof Error ? error : new Error(String(error))
  }
}

/** Whether a reader has put work into settings: changed a preset, or attached adapters to the families. */
function isOwn({ preset, models }: StudySettings): boolean {
  return preset === 'custom' || (preset === 'full' && models.some(({ adapters }) => adapters.length > 0))
}

/** Answers of a measurement: enough to fill a batch, few enough to be quick. */
const mostMeasured = 32

/** Bytes of settings: all that studies ask for takes a hundredth, and the page is not held up by it. */
const mostSettings = 1 << 20

/** @throws LabError `memory` for more than settings have, `format` */
async function parse(file: File): Promise<unknown> {
  if (file.size > mostSettings) {
    const got = `${quoted(file.name)} has ${file.size} bytes, settings of a study have ${mostSettings} at most`
    throw new LabError('memory', `${got}: choose a file of settings that was saved here`)
  }
  try {
    return JSON.parse(await file.text())
  } catch (cause) {
    throw new LabError('format', `${quoted(file.name)} is not JSON: choose a file of settings that was saved here`, {
      cause
    })
  }
}
