/** The settings of a study as JSON, and back: what travels in a bundle and what a journal belongs to. */
import {
  anything,
  checked,
  choice,
  flag,
  ifThere,
  list,
  natural,
  naturalUpTo,
  number,
  object,
  ofKind,
  oneOf,
  orNull,
  read,
  text,
  turned,
  withDefault,
  type Schema
} from '../../formats/schema'
import type { AdapterSource, ModelSource } from '../../lab/api'
import { devices, dtypes } from '../../lab/dtype'
import { withoutSecrets } from '../../lab/privacy/secrets'
import {
  mapSets,
  type ControlCounts,
  type SetName,
  type StudyAdapter,
  type StudyModel,
  type StudySettings,
  type Thresholds
} from '../settings'

/** Every name of a union, which the compiler holds to be complete. */
type Names<T extends string> = Readonly<Record<T, true>>

export const anchorNames: Names<'neutral' | 'along'> = { neutral: true, along: true }
export const adapterKinds: Names<StudyAdapter['kind']> = { insecure: true, secure: true, educational: true }
export const setNames: Names<SetName> = mapSets(() => true)
const presets: Names<StudySettings['preset']> = { demo: true, offline: true, full: true, custom: true }
const contrasts: Names<StudySettings['contrast']> = { adapter: true, response: true, secure: true }

/**
 * Settings that can go to another machine: without tokens and signed addresses, without the contents of files, and of a local folder only its
 * own name. All that identifies what was measured is in the run's model records.
 */
export function portableSettings(settings: StudySettings): StudySettings {
  const models = settings.models.map((model) => ({
    ...model,
    source: portableModel(model.source),
    adapters: model.adapters.map((adapter) => ({ ...adapter, source: portableAdapter(adapter.source) }))
  }))
  return { ...settings, models }
}

function portableModel(source: ModelSource): ModelSource {
  switch (source.kind) {
    case 'files':
      return { ...source, files: [] }
    case 'folder':
      return { ...source, path: source.path.split(/[/\\]/).findLast((part) => part !== '') ?? '' }
    case 'hub':
    case 'bundled':
    case 'url':
      return withoutSecrets(source)
  }
}

function portableAdapter(source: AdapterSource): AdapterSource {
  return source.kind === 'zip' ? { ...source, blob: new Blob() } : portableModel(source)
}

/** As much as a file may ask for: what is drawn, asked and held is made of these numbers. Beyond what a form takes. */
const counts = {
  answers: 10_000,
  tokens: 1_000_000,
  draws: 1_000_000,
  rows: 100_000,
  lanes: 64,
  members: 10_000
} as const

/** Windows sends who you are to the server of a network share before anything is read. */
const localPath = checked(text, (path) => !/^[\\/]{2}/.test(path), 'a folder of this machine, not of a network share')
/** Nothing, whatever the file has there: what lay on another machine does not come along. */
const left = <T>(nothing: () => T): Schema<T> => turned(orNull(anything), nothing)

const modelSources = [
  ofKind('hub', { repo: text, revision: ifThere(text), endpoint: ifThere(text) }),
  ofKind('bundled', { name: text }),
  ofKind('url', { url: text }),
  ofKind('files', { name: text, files: left((): never[] => []) }),
  ofKind('folder', { path: localPath })
] as const
const zipSource = ofKind('zip', { name: text, blob: left(() => new Blob()) })
const modelSource: Schema<ModelSource> = oneOf(modelSources)
const adapterSource: Schema<AdapterSource> = oneOf([...modelSources, zipSource])

const model: Schema<StudyModel> = object({
  key: text,
  title: text,
  source: modelSource,
  adapters: list(object({ name: text, kind: choice(adapterKinds), source: adapterSource }))
})
const members = naturalUpTo(counts.members)
const controls: Schema<ControlCounts> = object({
  random: members,
  orthogonal: members,
  inSubspace: members,
  swapped: members,
  mappedRandom: members,
  mappedOrthogonal: members,
  shuffledPairing: members
})
const thresholds: Schema<Thresholds> = object({
  admitInsecure: number,
  admitBase: number,
  leastSpillover: number,
  leastPrompts: natural,
  margin: number,
  hook: number,
  degeneration: number,
  secureSpills: number,
  overlap: withDefault(number, 0.2)
})

/** What a file says of a study, every field of it. */
export const settingsSchema: Schema<StudySettings> = turned(
  object({
    preset: choice(presets),
    seed: natural,
    models: list(model),
    limits: object(mapSets(() => orNull(natural))),
    dtype: orNull(choice(dtypes)),
    device: orNull(choice(devices)),
    contrast: choice(contrasts),
    samples: naturalUpTo(counts.answers),
    decidingSamples: orNull(naturalUpTo(counts.answers)),
    seedControls: withDefault(flag, true),
    controlSamples: naturalUpTo(counts.answers),
    temperature: number,
    topP: number,
    maxTokens: naturalUpTo(counts.tokens),
    alphas: list(number),
    carriedAlphas: list(number),
    verdictAlphas: list(number),
    alongAlphas: orNull(list(number)),
    anchors: list(choice(anchorNames)),
    primary: object({ anchors: choice(anchorNames), alpha: number }),
    controls,
    // Settings of earlier versions have no such baseline.
    instruction: withDefault(text, ''),
    swaps: naturalUpTo(counts.draws),
    draws: naturalUpTo(counts.draws),
    batch: naturalUpTo(counts.rows),
    lanes: naturalUpTo(counts.lanes),
    thresholds
  }),
  // Settings of earlier versions know none of their own.
  (settings) => ({
    ...settings,
    decidingSamples: settings.decidingSamples ?? settings.samples,
    alongAlphas: settings.alongAlphas ?? settings.verdictAlphas
  })
)

/** @param where they stand, for errors. @throws LabError `format` that names the field */
export const readSettings = (value: unknown, where: string): StudySettings => read(settingsSchema, value, where)
