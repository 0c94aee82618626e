/** Settings that make no sense are refused before anything is opened, each with the way out. */
import { LabError } from '../errors'
import type { StudySettings } from './settings'

/** @throws LabError `format`, `adapter` */
export function checkSettings(settings: StudySettings): void {
  const { models, alphas, carriedAlphas, verdictAlphas, anchors, primary } = settings
  const refuse = (what: string): never => {
    throw new LabError('format', what)
  }
  if (models.length === 0) refuse('the study has no model; name at least one')
  assertDistinct(
    'model',
    models.map(({ key }) => key)
  )
  for (const { key, adapters } of models) {
    assertDistinct(
      `adapter of ${key}`,
      adapters.map(({ name }) => name)
    )
    if (adapters.some(({ name }) => name === 'base'))
      refuse(`an adapter of ${key} is called base, which means none here; rename it`)
    if (!adapters.some(({ kind }) => kind === 'insecure')) {
      throw new LabError(
        'adapter',
        `${key} has no insecure adapter; make one with "python -m companion finetune" and name it in the settings`
      )
    }
  }
  if (!isAscending(alphas) || alphas.length === 0)
    refuse(`alphas are ${alphas.join(', ')}; give them above 0 and ascending`)
  if (models.length > 1) {
    if (!isAscending(carriedAlphas))
      refuse(`carriedAlphas are ${carriedAlphas.join(', ')}; give them above 0 and ascending`)
    const missing = verdictAlphas.find((alpha) => !carriedAlphas.includes(alpha))
    if (missing !== undefined) refuse(`verdictAlphas has ${missing}, carriedAlphas has not; add it there`)
    if (!anchors.includes(primary.anchors) || !verdictAlphas.includes(primary.alpha)) {
      refuse(
        `the primary condition is ${primary.anchors} at ${primary.alpha}, which is not measured; choose one that is`
      )
    }
  }
  for (const name of [
    'samples',
    'decidingSamples',
    'controlSamples',
    'maxTokens',
    'batch',
    'lanes',
    'draws'
  ] as const) {
    if (!Number.isInteger(settings[name]) || settings[name] < 1)
      refuse(`${name} is ${settings[name]}; give a whole number from 1`)
  }
  if (settings.decidingSamples < settings.samples) {
    refuse(
      `decidingSamples is ${settings.decidingSamples}, samples ${settings.samples}; arms that decide alone need no fewer than the others`
    )
  }
  if (settings.controlSamples > settings.samples) {
    refuse(
      `controlSamples is ${settings.controlSamples}, samples ${settings.samples}; controls need no more than the others`
    )
  }
}

function assertDistinct(what: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) throw new LabError('format', `the ${what} ${twice} is there twice; name each once`)
}

const isAscending = (values: readonly number[]): boolean =>
  values.every((value, i) => value > 0 && Number.isFinite(value) && value > (values[i - 1] ?? 0))
