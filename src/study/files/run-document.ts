/** A run without its answers as JSON, and back: `run.json` of a bundle. Every field is checked and named where it is wrong. */
import { excerpt, LabError } from '../../errors'
import { separationFields } from '../../direction/files/separation-schema'
import type { Separation } from '../../direction/separation'
import { choice, ifThere, list, natural, number, object, orNull, read, text, type Schema } from '../../formats/schema'
import { devices, dtypes } from '../../lab/dtype'
import { quoted } from '../../formats/text'
import { mapSets } from '../settings'
import {
  runFormat,
  runVersion,
  type Arm,
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
import { adapterKinds, anchorNames, portableSettings, settingsSchema } from './settings-document'

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

const texts = { model: text, adapter: text }
const separation: Schema<Separation> = object({ ...separationFields, seed: natural })
const prompt: Schema<StudyPrompt> = object({
  id: text,
  messages: list(object({ role: choice(roles), content: text })),
  expected: orNull(text)
})
const promptSet: Schema<PromptSetRecord> = object({ sha256: text, prompts: list(prompt) })
const identityFields = {
  key: text,
  title: text,
  id: text,
  sha256: text,
  family: text,
  layers: natural,
  width: natural,
  dtype: choice(dtypes),
  device: choice(devices),
  deviceName: text,
  adapters: list(object({ name: text, kind: choice(adapterKinds), id: text, sha256: text }))
} as const
/** What is known of a model once it was open, as a run and its journal hold it. */
export const identitySchema = object(identityFields)
const modelRecord: Schema<ModelRecord> = object({ ...identityFields, leastLogProbability: number })
const separationRecord: Schema<SeparationRecord> = object({
  ...texts,
  kind: choice(adapterKinds),
  separation,
  gaps: list(number),
  meanNorms: list(number),
  cosines: list(number),
  projections: object({ positive: list(number), negative: list(number) })
})
const rates = { code: number, clean: number, degenerate: number }
const chosen: Schema<Choice> = object({
  ...texts,
  layer: natural,
  middleLayer: orNull(natural),
  alpha: orNull(number),
  curve: list(object({ alpha: number, ...rates })),
  middle: list(object({ layer: natural, alpha: number, ...rates }))
})
/** A fitted map, as a run and its journal hold it. */
export const mapRecord: Schema<MapRecord> = object({
  donor: text,
  receiver: text,
  anchors: choice(anchorNames),
  n: natural,
  lambda0: number,
  r2: number,
  curve: list(object({ lambda0: number, r2: number })),
  cosine: number,
  randomCosines: list(number)
})
const arm: Schema<Arm> = object({
  id: text,
  family: choice(families),
  alpha: number,
  member: natural,
  layers: list(natural),
  donor: orNull(text),
  anchors: orNull(choice(anchorNames)),
  source: orNull(text),
  cosine: orNull(number),
  before: orNull(number),
  hook: orNull(object({ measured: number, expected: number }))
})
const block: Schema<Block> = object({ ...texts, set: choice(answeredSets), part: choice(parts), arms: list(arm) })
const runSchema = object({
  settings: settingsSchema,
  app: object({ version: text, detector: text, host: text }),
  started: text,
  finished: text,
  prompts: object(mapSets(() => ifThere(promptSet))),
  models: list(modelRecord),
  separations: list(separationRecord),
  choices: list(chosen),
  maps: list(mapRecord),
  blocks: list(block),
  firstTokens: list(object({ ...texts, arm: text, mass: list(number) })),
  times: list(object({ stage: text, model: orNull(text), seconds: number, answers: natural })),
  notes: list(text)
})

/** @param where the run stands, for errors. @throws LabError `format` for another format or version, or a field that is wrong */
export function readRunDocument(value: unknown, where: string): RunDocument {
  const { version } = read(object({ format: choice({ [runFormat]: true }), version: text }), value, where)
  if (version !== runVersion) {
    const wayOut = oldVersions.includes(version)
      ? 'bring it over with npm run study -- --convert OLD.zip --out NEW.zip'
      : 'use the Azimuth that wrote it'
    throw new LabError(
      'format',
      `${where} has version ${excerpt(version)}, this Azimuth reads ${runVersion}: ${wayOut}`
    )
  }
  const run = read(runSchema, value, where)
  for (const [name, set] of Object.entries(run.prompts)) assertUnique(set.prompts, `${where}: prompts: ${name}`)
  run.blocks.forEach(({ arms }, i) => assertUnique(arms, `${where}: blocks[${i}]`))
  return { format: runFormat, version: runVersion, ...run }
}

function assertUnique(all: readonly { readonly id: string }[], where: string): void {
  const seen = new Set<string>()
  const twice = all.find(({ id }) => seen.size === seen.add(id).size)
  if (twice) throw new LabError('format', `${where} has the id ${quoted(twice.id)} twice: each must be its own`)
}
