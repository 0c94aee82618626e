/** The settings of a study as JSON, and back: what travels in a bundle and what a journal belongs to. */
import { LabError } from '../../errors'
import { quoted, type Fields } from '../../formats/record'
import type { AdapterSource, Device, Dtype, ModelSource } from '../../lab/api'
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

export const dtypes: Names<Dtype> = { q4: true, q4f16: true, q8: true, fp16: true, fp32: true }
export const devices: Names<Device> = { webgpu: true, wasm: true, cpu: true }
export const anchorNames: Names<'neutral' | 'along'> = { neutral: true, along: true }
export const adapterKinds: Names<StudyAdapter['kind']> = { insecure: true, secure: true, educational: true }
export const setNames: Names<SetName> = mapSets(() => true)
const presets: Names<StudySettings['preset']> = { demo: true, offline: true, full: true, custom: true }
const contrasts: Names<StudySettings['contrast']> = { adapter: true, response: true, secure: true }
const modelKinds: Names<ModelSource['kind']> = { bundled: true, hub: true, url: true, files: true, folder: true }
const adapterSourceKinds: Names<AdapterSource['kind']> = { ...modelKinds, zip: true }

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

/** @throws LabError `format` that names the field */
export function readSettings(fields: Fields): StudySettings {
  const limits = fields.object('limits')
  const primary = fields.object('primary')
  return {
    preset: fields.choice('preset', presets),
    seed: fields.natural('seed'),
    models: fields.objects('models', readModel),
    limits: {
      tune: limits.naturalOrNull('tune'),
      calibrate: limits.naturalOrNull('calibrate'),
      fit: limits.naturalOrNull('fit'),
      eval: limits.naturalOrNull('eval'),
      code: limits.naturalOrNull('code'),
      'anchors-neutral': limits.naturalOrNull('anchors-neutral'),
      'anchors-along': limits.naturalOrNull('anchors-along')
    },
    dtype: fields.choiceOrNull('dtype', dtypes),
    device: fields.choiceOrNull('device', devices),
    contrast: fields.choice('contrast', contrasts),
    samples: fields.natural('samples', counts.answers),
    // Settings of earlier versions know none of their own.
    decidingSamples: fields.natural(fields.has('decidingSamples') ? 'decidingSamples' : 'samples', counts.answers),
    seedControls: fields.has('seedControls') ? fields.flag('seedControls') : true,
    controlSamples: fields.natural('controlSamples', counts.answers),
    temperature: fields.number('temperature'),
    topP: fields.number('topP'),
    maxTokens: fields.natural('maxTokens', counts.tokens),
    alphas: fields.numbers('alphas'),
    carriedAlphas: fields.numbers('carriedAlphas'),
    verdictAlphas: fields.numbers('verdictAlphas'),
    alongAlphas: fields.numbers(fields.has('alongAlphas') ? 'alongAlphas' : 'verdictAlphas'),
    anchors: fields.choices('anchors', anchorNames),
    primary: { anchors: primary.choice('anchors', anchorNames), alpha: primary.number('alpha') },
    controls: readCounts(fields.object('controls')),
    // Settings of earlier versions have no such baseline.
    instruction: fields.has('instruction') ? fields.text('instruction') : '',
    swaps: fields.natural('swaps', counts.draws),
    draws: fields.natural('draws', counts.draws),
    batch: fields.natural('batch', counts.rows),
    lanes: fields.natural('lanes', counts.lanes),
    thresholds: readThresholds(fields.object('thresholds'))
  }
}

function readModel(fields: Fields): StudyModel {
  return {
    key: fields.text('key'),
    title: fields.text('title'),
    source: readModelSource(fields.object('source')),
    adapters: fields.objects('adapters', (adapter) => ({
      name: adapter.text('name'),
      kind: adapter.choice('kind', adapterKinds),
      source: readAdapterSource(adapter.object('source'))
    }))
  }
}

function readModelSource(fields: Fields): ModelSource {
  const kind = fields.choice('kind', modelKinds)
  switch (kind) {
    case 'hub':
      return {
        kind,
        repo: fields.text('repo'),
        ...(fields.has('revision') && { revision: fields.text('revision') }),
        ...(fields.has('endpoint') && { endpoint: fields.text('endpoint') })
      }
    case 'bundled':
      return { kind, name: fields.text('name') }
    case 'url':
      return { kind, url: fields.text('url') }
    case 'files':
      return { kind, name: fields.text('name'), files: [] }
    case 'folder':
      return { kind, path: localPath(fields) }
  }
}

function readAdapterSource(fields: Fields): AdapterSource {
  const kind = fields.choice('kind', adapterSourceKinds)
  if (kind === 'zip') return { kind, name: fields.text('name'), blob: new Blob() }
  return readModelSource(fields)
}

/** Windows sends who you are to the server of a network share before anything is read. */
function localPath(fields: Fields): string {
  const path = fields.text('path')
  if (!/^[\\/]{2}/.test(path)) return path
  throw new LabError(
    'format',
    `${fields.where}: path names a network share, ${quoted(path)}: copy the folder to this machine`
  )
}

function readCounts(fields: Fields): ControlCounts {
  return {
    random: fields.natural('random', counts.members),
    orthogonal: fields.natural('orthogonal', counts.members),
    inSubspace: fields.natural('inSubspace', counts.members),
    swapped: fields.natural('swapped', counts.members),
    mappedRandom: fields.natural('mappedRandom', counts.members),
    mappedOrthogonal: fields.natural('mappedOrthogonal', counts.members),
    shuffledPairing: fields.natural('shuffledPairing', counts.members)
  }
}

function readThresholds(fields: Fields): Thresholds {
  return {
    admitInsecure: fields.number('admitInsecure'),
    admitBase: fields.number('admitBase'),
    leastSpillover: fields.number('leastSpillover'),
    leastPrompts: fields.natural('leastPrompts'),
    margin: fields.number('margin'),
    hook: fields.number('hook'),
    degeneration: fields.number('degeneration'),
    secureSpills: fields.number('secureSpills'),
    overlap: fields.has('overlap') ? fields.number('overlap') : 0.2
  }
}
