/** A model while the study needs it: opened with the first call, one adapter in use at a time, opened again once where its worker is lost. */
import type { ModelRef } from '../../direction/hidden-states'
import { LabError } from '../../errors'
import type { AdapterInfo, OpenOptions, Progress } from '../../lab/api'
import type { ModelHandle } from '../../lab/connect/connect'
import type { Lent } from '../../lab/live/lent-model'
import { LiveModel } from '../../lab/live/live-model'
import { openTested } from '../../lab/self-test'
import type { ModelRecord } from '../run'
import type { StudyModel } from '../settings'
import type { Study } from '../study'
import { readOrNull } from '../../formats/schema'
import { identitySchema } from '../files/run-document'
import { whole } from './whole'

/** What is known of a model once it was open. */
export type Identity = Omit<ModelRecord, 'leastLogProbability'>

/** The name of the state without an adapter. */
export const base = 'base'

interface Opened {
  readonly live: LiveModel
  readonly identity: Identity
  readonly adapters: ReadonlyMap<string, AdapterInfo>
  /** Lets go of the study's signal, which outlives many models. */
  readonly forget: () => void
}

export class Lease {
  readonly model: StudyModel
  readonly #study: Study
  readonly #more: Pick<OpenOptions, 'keepNorm'>
  #opened: Promise<Opened> | null = null
  #identity: Identity | null = null

  constructor(study: Study, model: StudyModel, more: Pick<OpenOptions, 'keepNorm'> = {}) {
    this.#study = study
    this.#more = more
    this.model = model
  }

  /** Names, hashes and sizes: from the journal, or by opening the model. */
  async identity(): Promise<Identity> {
    if (this.#identity) return this.#identity
    const { key } = this.model
    const place = { stage: 'open', model: key, adapter: null, text: `opening ${key}` } as const
    const entry = await this.#study.cell(
      place,
      `model/${key}`,
      0,
      async () => ({
        json: (await this.#open()).identity
      }),
      ({ json }) => readIdentity(json, this.model) !== null
    )
    return (this.#identity = whole(readIdentity(entry.json, this.model), `model/${key}`))
  }

  /** The model under an adapter, or under none, as captures and directions name it. */
  async ref(adapter: string): Promise<ModelRef> {
    const { id, sha256, dtype, adapters } = await this.identity()
    const found = adapters.find(({ name }) => name === adapter)
    return { id, sha256, dtype, adapter: found ? { id: found.id, sha256: found.sha256, scale: 1 } : null }
  }

  /** Calls the model with an adapter in use (`base` for none). A lost worker or device is replaced once a call. */
  async call<T>(adapter: string, work: (model: Lent) => Promise<T>): Promise<T> {
    try {
      return await this.#under(adapter, work)
    } catch (error) {
      const isLost = error instanceof LabError && (error.code === 'worker-lost' || error.code === 'device')
      if (!isLost) throw error
      this.#study.notes.push(`${this.model.key} was lost and opened again: ${error.message}`)
      await this.close().catch(() => undefined)
      return this.#under(adapter, work)
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => null)
    this.#opened = null
    opened?.forget()
    await opened?.live.close()
  }

  async #under<T>(adapter: string, work: (model: Lent) => Promise<T>): Promise<T> {
    const { live, adapters } = await this.#open()
    const info = adapters.get(adapter)
    if (adapter !== base && !info) {
      throw new LabError('adapter', `${this.model.key} has no adapter ${adapter}; name it in the study's settings`)
    }
    // The cells of one adapter come in rows: it stays until another one's turn.
    return live.under(info ? { sha256: info.sha256, scale: 1 } : null, work, { what: 'study', stays: true })
  }

  #open(): Promise<Opened> {
    return (this.#opened ??= this.#openNow().catch((error: unknown) => {
      this.#opened = null
      throw error
    }))
  }

  async #openNow(): Promise<Opened> {
    const { signal } = this.#study
    signal?.throwIfAborted()
    const stop = new AbortController()
    const end = (): void => stop.abort()
    const forget = (): void => signal?.removeEventListener('abort', end)
    signal?.addEventListener('abort', end)
    try {
      return { ...(await this.#openUntil(stop.signal)), forget }
    } catch (error) {
      forget()
      throw error
    }
  }

  /** The model with its adapters. The signal ends it for as long as it is open. */
  async #openUntil(signal: AbortSignal): Promise<Omit<Opened, 'forget'>> {
    const { settings, lab } = this.#study
    const { key, title, source, adapters } = this.model
    const { dtype, device } = settings
    const { threads } = lab
    const where = { ...(dtype && { dtype }), ...(device && { device }), ...(threads !== undefined && { threads }) }
    const options = { ...where, ...this.#more, adapt: adapters.length > 0 }
    const how = { signal, onProgress: this.#onProgress, ...(lab.trusted && { trusted: lab.trusted }) }
    const { handle, info, test } = await openTested(lab.connect, source, options, how)
    if (device && info.device !== device) this.#note(`${key}: ${test.summary}`)
    const loaded = new Map<string, AdapterInfo>()
    try {
      for (const adapter of adapters)
        loaded.set(adapter.name, await handle.loadAdapter(adapter.source, this.#onProgress))
    } catch (error) {
      handle.terminate()
      throw error
    }
    const identity: Identity = {
      ...{ key, title, id: info.id, sha256: info.sha256, family: info.family, layers: info.layers, width: info.width },
      ...{ dtype: info.dtype, device: info.device, deviceName: info.deviceName },
      adapters: adapters.map(({ name, kind }) => {
        const found = loaded.get(name)
        return { name, kind, id: found?.id ?? '', sha256: found?.sha256 ?? '' }
      })
    }
    await this.#assertSame(identity, handle)
    return { live: new LiveModel(handle), identity, adapters: loaded }
  }

  /** A model from elsewhere is downloaded first, which can take longer than all that follows. */
  readonly #onProgress = ({ stage, done, total, file = '' }: Progress): void => {
    if (stage !== 'download') return
    const { key } = this.model
    const all = total > 0 ? ` of ${inMegabytes(total)}` : ''
    const text = `downloading ${file}, ${inMegabytes(done)}${all} MB`
    this.#study.report({ stage: 'open', model: key, adapter: null, text })
  }

  /** A resumed study goes on with the weights it began with; another device or dtype is noted. */
  async #assertSame(now: Identity, handle: ModelHandle): Promise<void> {
    const then = readIdentity((await this.#study.journal.read(`model/${now.key}`))?.json, this.model)
    if (!then) return
    const hashes = ({ sha256, adapters }: Identity): string => [sha256, ...adapters.map((one) => one.sha256)].join()
    if (hashes(then) !== hashes(now)) {
      handle.terminate()
      throw new LabError(
        'checksum',
        `${now.key} or an adapter of it has other weights than when this study began; bring those back, or begin a new study`
      )
    }
    const where = ({ dtype, device, deviceName }: Identity): string => `${dtype} on ${device} (${deviceName})`
    const note = `${now.key} began as ${where(then)} and went on as ${where(now)}.`
    if (where(then) !== where(now)) this.#note(note)
  }

  /** Once, however often the model is opened. */
  #note(text: string): void {
    if (!this.#study.notes.includes(text)) this.#study.notes.push(text)
  }
}

/** All that is known of a model once it was open, with its adapters in the order of the settings; null for anything else. */
function readIdentity(json: unknown, { adapters }: StudyModel): Identity | null {
  const identity = readOrNull(identitySchema, json)
  const isWhole =
    identity?.adapters.length === adapters.length &&
    adapters.every(({ name }, i) => identity.adapters[i]?.name === name)
  return isWhole ? identity : null
}

const inMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)
