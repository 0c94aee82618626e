/** The models of the bench as experiments know them. */
import type { Subject, Tuned } from '../../experiments/subject'
import { LabError } from '../../errors'
import type { WorkOptions } from '../../lab/live/live-model'
import { madeOn, type MadeOn } from '../../lab/live/circumstances'
import { adapterOptions, loadBeside, openOf, type AdapterOption } from './adapter-use'
import type { Catalogue } from './catalogue.svelte'
import type { Model } from './models.svelte'

/** An open model; every piece of work on it is of this kind, and gives up its place with this signal. @throws LabError `worker-lost` */
export function subjectOf(model: Model, options: WorkOptions): Subject {
  const { live, info } = openOf(model)
  return { name: model.name, info, under: (choice, work) => live.under(choice, work, options) }
}

/**
 * The same with an adapter, loaded where it is not.
 * @param scale by default the one that the slider has now
 * @throws LabError as `loadBeside`, `worker-lost`
 */
export async function tunedBy(
  model: Model,
  adapter: AdapterOption,
  options: WorkOptions,
  scale = model.adapters.scale
): Promise<Tuned> {
  const sha256 = await loadBeside(model.adapters, adapter)
  return { subject: subjectOf(model, options), adapter: { sha256, scale } }
}

/** A model under an adapter, as the result of an experiment names it. */
export function madeOnTuned({ subject, adapter }: Tuned, { id }: AdapterOption): MadeOn {
  return { ...madeOn(subject.info), adapter: { id, ...adapter } }
}

/**
 * An adapter that comes with the page, by its name.
 * @throws LabError `adapter` where the page has none of that name for the model
 */
export function bundledAdapter(model: Model, catalogue: Catalogue, name: string): AdapterOption {
  const bundled = model.status.kind === 'open' ? catalogue.adaptersFor(model.status.info) : []
  const path = bundled.find((one) => one.name === name)?.path
  const found = adapterOptions(model.adapters, bundled).find(({ id }) => id === `bundled:${path}`)
  if (found) return found
  throw new LabError('adapter', `${name} for ${model.name} does not come with this page; build it with public/models`)
}
