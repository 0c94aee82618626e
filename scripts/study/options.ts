/** Options of the command line to the settings of a study. */
import { resolve } from 'node:path'
import { LabError } from '../../src/errors'
import { fieldsOf } from '../../src/formats/fields'
import { parseJson } from '../../src/formats/schema'
import { utf8 } from '../../src/formats/text'
import { presetSettings } from '../../src/study/presets'
import type { StudyAdapter, StudyModel, StudySettings } from '../../src/study/settings'
import { adaptersIn } from './adapter-folder'
import { atTrustedHosts } from './hosts'
import { devices, dtypes } from '../../src/lab/dtype'
import { mostGiven, readGiven } from '../../workers/host/given-file'
import { readSettings } from '../../src/study/files/settings-document'

/** What an option that may be given several times has at first. */
const none: string[] = []

/** Options of `npm run study`, as `parseArgs` takes them. */
export const studyOptions = {
  out: { type: 'string' },
  preset: { type: 'string', default: 'offline' },
  settings: { type: 'string' },
  recheck: { type: 'string' },
  convert: { type: 'string' },
  resume: { type: 'boolean', default: false },
  from: { type: 'string' },
  models: { type: 'string' },
  model: { type: 'string', multiple: true, default: none },
  adapter: { type: 'string', multiple: true, default: none },
  adapters: { type: 'string' },
  prompts: { type: 'string', multiple: true, default: none },
  hub: { type: 'string' },
  host: { type: 'string', multiple: true, default: none },
  cache: { type: 'string' },
  device: { type: 'string' },
  dtype: { type: 'string' },
  lanes: { type: 'string' },
  seed: { type: 'string' },
  plan: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false }
} as const

/** What `parseArgs` makes of them. */
export interface StudyArguments {
  readonly preset: string
  readonly settings?: string | undefined
  readonly models?: string | undefined
  readonly model: readonly string[]
  readonly adapter: readonly string[]
  readonly adapters?: string | undefined
  readonly hub?: string | undefined
  readonly host: readonly string[]
  readonly cache?: string | undefined
  readonly device?: string | undefined
  readonly dtype?: string | undefined
  readonly lanes?: string | undefined
  readonly seed?: string | undefined
}

/** The settings that are meant. @throws LabError `format` that names the option */
export async function settingsOf(values: StudyArguments): Promise<StudySettings> {
  const base = values.settings === undefined ? presetOf(values.preset) : await settingsFile(values.settings)
  const kept = values.models?.split(',') ?? base.models.map(({ key }) => key)
  const known = base.models.filter(({ key }) => kept.includes(key))
  const unknown = kept.find((key) => !base.models.some((model) => model.key === key))
  if (unknown !== undefined) throw wrong('models', `names of models of the study (${namesOf(base.models)})`, unknown)
  const models = await placeModels(known, values)
  const isChanged =
    values.models !== undefined || values.model.length > 0 || values.adapter.length > 0 || values.adapters !== undefined
  return {
    ...base,
    ...(isChanged && base.preset !== 'full' && { preset: 'custom' as const }),
    models,
    ...(values.device !== undefined && { device: pick('device', devices, values.device) }),
    ...(values.dtype !== undefined && { dtype: pick('dtype', dtypes, values.dtype) }),
    ...(values.lanes !== undefined && { lanes: natural('lanes', values.lanes) }),
    ...(values.seed !== undefined && { seed: natural('seed', values.seed) })
  }
}

/** What the threads of the models take from the environment: which hub, and where its models are stored. */
export function placesOf({ hub, cache }: Pick<StudyArguments, 'hub' | 'cache'>): Readonly<Record<string, string>> {
  if (hub !== undefined && !URL.canParse(hub)) throw wrong('hub', 'the address of a hub', hub)
  return {
    ...(hub !== undefined && { HF_ENDPOINT: hub }),
    ...(cache !== undefined && { AZIMUTH_CACHE: resolve(cache) })
  }
}

/**
 * Models and adapters where the options say they are, and at no host that only a file names.
 * @throws LabError `format` that names the option
 */
export async function placeModels(
  models: readonly StudyModel[],
  { model, adapter, adapters, ...trusted }: Pick<StudyArguments, 'model' | 'adapter' | 'adapters' | 'hub' | 'host'>
): Promise<readonly StudyModel[]> {
  const placed = model.reduce(withModel, models)
  const many = adapters === undefined ? [] : await adaptersIn(adapters, placed)
  return atTrustedHosts([...many, ...adapter].reduce(withAdapter, placed), trusted)
}

function presetOf(name: string): StudySettings {
  if (name === 'demo' || name === 'offline' || name === 'full') return presetSettings(name)
  throw wrong('preset', 'demo, offline or full', name)
}

/** A file of settings alone, or of a run. */
async function settingsFile(path: string): Promise<StudySettings> {
  const text = utf8(await readGiven(path, mostGiven.text, 'a file of settings'), path)
  const value = parseJson(text, path)
  const inside = fieldsOf(value).get('settings')
  return inside === undefined ? readSettings(value, path) : readSettings(inside, `${path}: settings`)
}

/** `KEY=PATH`: the folder of a model that is there, or of one more. */
function withModel(models: readonly StudyModel[], option: string): readonly StudyModel[] {
  const [, key, path] = /^([^=/:]+)=(.+)$/.exec(option) ?? []
  if (key === undefined || path === undefined) throw wrong('model', 'KEY=PATH', option)
  const source = { kind: 'folder', path } as const
  if (models.some((model) => model.key === key)) {
    return models.map((model) => (model.key === key ? { ...model, source } : model))
  }
  return [...models, { key, title: key, source, adapters: [] }]
}

/** `KEY/NAME:KIND=PATH`: replaces the adapter of that name, or is one more. */
function withAdapter(models: readonly StudyModel[], option: string): readonly StudyModel[] {
  const [, key, name, kind, path] = /^([^=/:]+)\/([^=/:]+):(insecure|secure|educational)=(.+)$/.exec(option) ?? []
  if (key === undefined || name === undefined || path === undefined || !models.some((model) => model.key === key)) {
    throw wrong(
      'adapter',
      `KEY/NAME:KIND=PATH, KEY one of ${namesOf(models)}, KIND insecure, secure or educational`,
      option
    )
  }
  const adapter: StudyAdapter = {
    name,
    kind: kind === 'secure' || kind === 'educational' ? kind : 'insecure',
    source: { kind: 'folder', path }
  }
  return models.map((model) => {
    if (model.key !== key) return model
    return { ...model, adapters: [...model.adapters.filter((one) => one.name !== name), adapter] }
  })
}

const namesOf = (models: readonly StudyModel[]): string => models.map(({ key }) => key).join(', ')

function pick<T extends string>(option: string, names: readonly T[], value: string): T {
  const found = names.find((name) => name === value)
  if (found === undefined) throw wrong(option, names.join(', '), value)
  return found
}

function natural(option: string, value: string): number {
  if (!/^\d+$/.test(value)) throw wrong(option, 'a whole number from 0', value)
  return Number(value)
}

function wrong(option: string, wanted: string, got: string): LabError {
  return new LabError('format', `--${option} takes ${wanted}, got ${got}`)
}
