/** Settings that make no sense are refused before anything is opened, each with the way out; the page asks the same before. */
import { LabError } from '../errors'
import { judgedAlphas, type StudyModel, type StudySettings } from './settings'

/** One reason why a study would be refused: the code of the error, and what, got, way out in one line. */
export interface StudyProblem {
  readonly code: 'format' | 'adapter'
  readonly message: string
}

/** @throws LabError `format`, `adapter`: the first problem */
export function checkSettings(settings: StudySettings): void {
  const [first] = problemsOf(settings)
  if (first) throw new LabError(first.code, first.message)
}

/** Everything for which a run of these settings would be refused; none where it would start. */
export function problemsOf(settings: StudySettings): readonly StudyProblem[] {
  const { models, alphas } = settings
  return [
    ...format(models.length === 0, 'the study has no model: name at least one'),
    ...twice(models.map(({ key }) => key)).map((key) => problem(`two models are called ${key}: name each once`)),
    ...models.flatMap(adapterProblems),
    ...bareProblems(models),
    ...format(!isAscending(alphas), `alphas are ${listed(alphas)}: give them above 0 and ascending`),
    ...primaryProblems(settings),
    ...(models.length > 1 && settings.anchors.length > 0 ? carriedProblems(settings) : []),
    ...countProblems(settings)
  ]
}

function adapterProblems({ title, adapters }: StudyModel): readonly StudyProblem[] {
  const names = adapters.map(({ name }) => name)
  return [
    ...twice(names).map((name) => problem(`${title} has two adapters called ${name}: name each once`)),
    ...format(names.includes('base'), `an adapter of ${title} is called base, which means none here: rename it`)
  ]
}

function bareProblems(models: readonly StudyModel[]): readonly StudyProblem[] {
  const bare = models.filter(({ adapters }) => !adapters.some(({ kind }) => kind === 'insecure'))
  const titles = bare.map(({ title }) => title).join(', ')
  const wayOut = 'attach at least one to each (python -m companion finetune makes them), or take the model out'
  return bare.length > 0 ? [{ code: 'adapter', message: `no insecure adapter for ${titles}: ${wayOut}` }] : []
}

/** Of the alphas at which directions are judged. */
function primaryProblems({ primary, verdictAlphas }: StudySettings): readonly StudyProblem[] {
  return [
    ...format(
      !isAscending(verdictAlphas),
      `alphas with controls are ${listed(verdictAlphas)}: give them above 0 and ascending`
    ),
    ...format(
      !verdictAlphas.includes(primary.alpha),
      `the primary alpha is ${primary.alpha}, alphas with controls are ${listed(verdictAlphas)}: choose one of these`
    )
  ]
}

/** Of what is carried between models. */
function carriedProblems(settings: StudySettings): readonly StudyProblem[] {
  const { carriedAlphas, verdictAlphas, alongAlphas, anchors, primary } = settings
  const missing = verdictAlphas.filter((alpha) => !carriedAlphas.includes(alpha))
  const isMeasured = anchors.includes(primary.anchors)
  return [
    ...format(
      !isAscending(carriedAlphas),
      `alphas of carried directions are ${listed(carriedAlphas)}: give them above 0 and ascending`
    ),
    ...format(
      missing.length > 0,
      `alphas with controls hold ${listed(missing)}, alphas of carried directions do not: add to these`
    ),
    ...format(
      verdictAlphas.includes(primary.alpha) && !judgedAlphas(settings, primary.anchors).includes(primary.alpha),
      `the primary alpha is ${primary.alpha}, alphas with controls along the axis are ${listed(alongAlphas)}: add it to these`
    ),
    ...format(!isMeasured, `the primary anchors are ${primary.anchors}, which are not measured: choose some that are`)
  ]
}

const counts = ['samples', 'decidingSamples', 'controlSamples', 'maxTokens', 'batch', 'lanes', 'draws'] as const

function countProblems(settings: StudySettings): readonly StudyProblem[] {
  const { samples, decidingSamples, controlSamples } = settings
  const odd = counts.filter((name) => !Number.isInteger(settings[name]) || settings[name] < 1)
  return [
    ...odd.map((name) => problem(`${name} is ${settings[name]}: give a whole number from 1`)),
    ...format(
      decidingSamples < samples,
      `decidingSamples is ${decidingSamples}, samples ${samples}: arms that decide alone need no fewer than the others`
    ),
    ...format(
      controlSamples < 2,
      `controlSamples is ${controlSamples}: give 2 or more, since one answer a prompt hardly tells a control from another`
    ),
    ...format(
      controlSamples > samples,
      `controlSamples is ${controlSamples}, samples ${samples}: controls need no more than the others`
    )
  ]
}

function format(isProblem: boolean, message: string): readonly StudyProblem[] {
  return isProblem ? [problem(message)] : []
}

function problem(message: string): StudyProblem {
  return { code: 'format', message }
}

function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, i) => names.indexOf(name) !== i))]
}

function listed(values: readonly number[]): string {
  return values.join(', ') || 'none'
}

function isAscending(values: readonly number[]): boolean {
  const isAbove = (value: number, i: number): boolean => Number.isFinite(value) && value > (values[i - 1] ?? 0)
  return values.length > 0 && values.every(isAbove)
}
