/** A run without its answers as JSON, and back: `run.json` of a bundle. Every field is checked and named where it is wrong. */
import { excerpt, LabError } from '../../errors'
import type { Method } from '../../direction/method'
import type { LayerSeparation, Separation } from '../../direction/separation'
import type { Fields } from '../../formats/record'
import {
  runFormat,
  runVersion,
  type Arm,
  type ArmRates,
  type Block,
  type Choice,
  type Family,
  type MapRecord,
  type ModelRecord,
  type PromptSetRecord,
  type Run,
  type SeparationRecord,
  type StudyPrompt
} from '../run'
import {
  adapterKinds,
  anchorNames,
  devices,
  dtypes,
  portableSettings,
  readSettings,
  setNames
} from './settings-document'

/** Versions that can be brought over. */
export const oldVersions: readonly string[] = ['1', '2']

/** All of a run but its answers, which are rows of their own. */
export type RunDocument = Omit<Run, 'answers'>

const families: Readonly<Record<Family, true>> = {
  none: true,
  own: true,
  raw: true,
  ablate: true,
  'norm-keeping': true,
  middle: true,
  'all-layers': true,
  prompted: true,
  carried: true,
  random: true,
  orthogonal: true,
  'in-subspace': true,
  'wrong-layer': true,
  'wrong-source': true,
  swapped: true,
  sign: true,
  'rms-only': true,
  'mapped-random': true,
  'mapped-orthogonal': true,
  'shuffled-pairing': true
}
const methods: Readonly<Record<Method, true>> = {
  'difference-in-means': true,
  'pca-paired': true,
  'pca-pooled': true,
  logistic: true,
  'linear-discriminant': true
}
const answeredSets: Readonly<Record<Block['set'], true>> = { tune: true, calibrate: true, eval: true, code: true }
const parts: Readonly<Record<Block['part'], true>> = {
  admission: true,
  within: true,
  'secure-adapter': true,
  transfer: true
}
const roles: Readonly<Record<StudyPrompt['messages'][number]['role'], true>> = {
  system: true,
  user: true,
  assistant: true
}

/** What of a run may leave this machine, without the answers. */
export function runDocument({ answers: _answers, ...run }: Run): RunDocument {
  return { ...run, settings: portableSettings(run.settings) }
}

/** @throws LabError `format` for another format or version, or a field that is wrong */
export function readRunDocument(fields: Fields): RunDocument {
  fields.choice('format', { [runFormat]: true })
  const version = fields.text('version')
  if (version !== runVersion) {
    const wayOut = oldVersions.includes(version)
      ? 'bring it over with npm run study -- --convert OLD.zip --out NEW.zip'
      : 'use the Azimuth that wrote it'
    throw new LabError(
      'format',
      `${fields.where} has version ${excerpt(version)}, this Azimuth reads ${runVersion}: ${wayOut}`
    )
  }
  const app = fields.object('app')
  return {
    format: runFormat,
    version: runVersion,
    settings: readSettings(fields.object('settings')),
    app: { version: app.text('version'), detector: app.text('detector'), host: app.text('host') },
    started: fields.text('started'),
    finished: fields.text('finished'),
    prompts: readPromptSets(fields.object('prompts')),
    models: fields.objects('models', readModelRecord),
    separations: fields.objects('separations', readSeparationRecord),
    choices: fields.objects('choices', readChoice),
    maps: fields.objects('maps', readMap),
    blocks: fields.objects('blocks', readBlock),
    firstTokens: fields.objects('firstTokens', (one) => ({
      model: one.text('model'),
      adapter: one.text('adapter'),
      arm: one.text('arm'),
      mass: one.numbers('mass')
    })),
    times: fields.objects('times', (one) => ({
      stage: one.text('stage'),
      model: one.textOrNull('model'),
      seconds: one.number('seconds'),
      answers: one.natural('answers')
    })),
    notes: fields.texts('notes')
  }
}

function readPromptSets(fields: Fields): Run['prompts'] {
  const names = Object.keys(setNames).filter((name): name is keyof typeof setNames => fields.has(name))
  return Object.fromEntries(names.map((name) => [name, readPromptSet(fields.object(name))]))
}

function readPromptSet(fields: Fields): PromptSetRecord {
  const prompts = fields.objects('prompts', (one) => ({
    id: one.text('id'),
    messages: one.objects('messages', (message) => ({
      role: message.choice('role', roles),
      content: message.text('content')
    })),
    expected: one.textOrNull('expected')
  }))
  assertUnique(
    prompts.map(({ id }) => id),
    fields.where
  )
  return { sha256: fields.text('sha256'), prompts }
}

function readModelRecord(fields: Fields): ModelRecord {
  return {
    key: fields.text('key'),
    title: fields.text('title'),
    id: fields.text('id'),
    sha256: fields.text('sha256'),
    family: fields.text('family'),
    layers: fields.natural('layers'),
    width: fields.natural('width'),
    dtype: fields.choice('dtype', dtypes),
    device: fields.choice('device', devices),
    deviceName: fields.text('deviceName'),
    adapters: fields.objects('adapters', (adapter) => ({
      name: adapter.text('name'),
      kind: adapter.choice('kind', adapterKinds),
      id: adapter.text('id'),
      sha256: adapter.text('sha256')
    })),
    leastLogProbability: fields.number('leastLogProbability')
  }
}

function readSeparationRecord(fields: Fields): SeparationRecord {
  const projections = fields.object('projections')
  return {
    model: fields.text('model'),
    adapter: fields.text('adapter'),
    kind: fields.choice('kind', adapterKinds),
    separation: readSeparation(fields.object('separation')),
    gaps: fields.numbers('gaps'),
    meanNorms: fields.numbers('meanNorms'),
    cosines: fields.numbers('cosines'),
    projections: { positive: projections.numbers('positive'), negative: projections.numbers('negative') }
  }
}

function readSeparation(fields: Fields): Separation {
  return {
    method: fields.choice('method', methods),
    layers: fields.objects('layers', readLayer),
    n: fields.natural('n'),
    folds: fields.natural('folds'),
    swaps: fields.natural('swaps'),
    seed: fields.natural('seed'),
    bestNull95: fields.numberOrNaN('bestNull95')
  }
}

function readLayer(fields: Fields): LayerSeparation {
  return {
    layer: fields.natural('layer'),
    accuracy: fields.number('accuracy'),
    low: fields.number('low'),
    high: fields.number('high'),
    auroc: fields.number('auroc'),
    heldOutGap: fields.number('heldOutGap'),
    // Two groups without any spread have none.
    cohenD: fields.numberOrNaN('cohenD'),
    // None below a width of 16.
    withoutMassive: fields.numberOrNaN('withoutMassive'),
    nullMean: fields.numberOrNaN('nullMean'),
    null95: fields.numberOrNaN('null95'),
    p: fields.numberOrNaN('p')
  }
}

function readChoice(fields: Fields): Choice {
  return {
    model: fields.text('model'),
    adapter: fields.text('adapter'),
    layer: fields.natural('layer'),
    middleLayer: fields.naturalOrNull('middleLayer'),
    alpha: fields.numberOrNull('alpha'),
    curve: fields.objects('curve', (one) => ({ alpha: one.number('alpha'), ...readRates(one) })),
    middle: fields.objects('middle', (one) => ({
      layer: one.natural('layer'),
      alpha: one.number('alpha'),
      ...readRates(one)
    }))
  }
}

function readRates(fields: Fields): ArmRates {
  return { code: fields.number('code'), clean: fields.number('clean'), degenerate: fields.number('degenerate') }
}

function readMap(fields: Fields): MapRecord {
  return {
    donor: fields.text('donor'),
    receiver: fields.text('receiver'),
    anchors: fields.choice('anchors', anchorNames),
    n: fields.natural('n'),
    lambda0: fields.number('lambda0'),
    r2: fields.number('r2'),
    curve: fields.objects('curve', (one) => ({ lambda0: one.number('lambda0'), r2: one.number('r2') })),
    cosine: fields.number('cosine'),
    randomCosines: fields.numbers('randomCosines')
  }
}

function readBlock(fields: Fields): Block {
  const arms = fields.objects('arms', readArm)
  assertUnique(
    arms.map(({ id }) => id),
    fields.where
  )
  return {
    model: fields.text('model'),
    adapter: fields.text('adapter'),
    set: fields.choice('set', answeredSets),
    part: fields.choice('part', parts),
    arms
  }
}

function readArm(fields: Fields): Arm {
  const hook = fields.objectOrNull('hook')
  return {
    id: fields.text('id'),
    family: fields.choice('family', families),
    alpha: fields.number('alpha'),
    member: fields.natural('member'),
    layers: fields.naturals('layers'),
    donor: fields.textOrNull('donor'),
    anchors: fields.choiceOrNull('anchors', anchorNames),
    source: fields.textOrNull('source'),
    cosine: fields.numberOrNull('cosine'),
    before: fields.numberOrNull('before'),
    hook: hook && { measured: hook.number('measured'), expected: hook.number('expected') }
  }
}

function assertUnique(ids: readonly string[], where: string): void {
  const seen = new Set<string>()
  const twice = ids.find((id) => seen.size === seen.add(id).size)
  if (twice !== undefined) throw new LabError('format', `${where} has the id ${twice} twice: each must be its own`)
}
