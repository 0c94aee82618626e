/** One model by itself: admission, separation, alpha, the arms of its own direction, and what it does elsewhere. */
import { LabError } from '../../errors'
import { quantile } from '../../math/statistics'
import type { ArmPlan, BlockPlan } from './answers'
import {
  at,
  doseArms,
  modeArms,
  normKeepingArm,
  ownArm,
  plainArm,
  primaryControls,
  promptedArm,
  pushArm,
  randomArms,
  type WithinParts
} from './arms'
import { measureBlock, type MeasuredBlock } from './block'
import type { TransferSide } from './carried'
import { chooseAlpha, chooseLayer, middleLayers, ratesOf, unknownRates } from './choose'
import { fitAdapter, separationRecord, spanOf, swappedDirections, type AdapterFit } from './directions'
import { firstTokens } from './first-tokens'
import { base, Lease } from './lease'
import type { Choice, FirstTokenRecord, ModelRecord, SeparationRecord } from '../run'
import type { StudyModel } from '../settings'
import { setStates } from './states'
import type { Study } from '../study'

/** What the part within one model adds to a run. */
export interface WithinResult {
  readonly record: ModelRecord
  readonly blocks: readonly MeasuredBlock[]
  readonly separations: readonly SeparationRecord[]
  readonly choices: readonly Choice[]
  readonly firstTokens: readonly FirstTokenRecord[]
  /** Directions of every adapter, as in the settings. */
  readonly fits: readonly AdapterFit[]
  /** The adapter whose direction is carried to other models. */
  readonly primary: string
  readonly side: TransferSide
}

/** Runs everything within one model. @throws LabError `adapter` for a model without an insecure adapter */
export async function studyWithin(study: Study, model: StudyModel): Promise<WithinResult> {
  const lease = new Lease(study, model)
  try {
    return await new Within(study, lease).run()
  } finally {
    await lease.close()
  }
}

class Within {
  readonly #study: Study
  readonly #lease: Lease
  readonly #blocks: MeasuredBlock[] = []
  readonly #choices: Choice[] = []
  #least = -Infinity

  constructor(study: Study, lease: Lease) {
    this.#study = study
    this.#lease = lease
  }

  async run(): Promise<WithinResult> {
    const { model } = this.#lease
    const identity = await this.#lease.identity()
    await this.#admission()
    const fits: AdapterFit[] = []
    for (const adapter of model.adapters) fits.push(await fitAdapter(this.#study, this.#lease, adapter))
    const primary = this.#primary(fits)
    const layer = identity.layers - 1
    for (const fit of fits) if (fit.adapter.kind === 'insecure') await this.#insecure(fit, primary, fits)
    const own = at(primary.directions, layer)
    await this.#elsewhere(fits, own, this.#alphas(primary.adapter.name))
    await this.#normKeeping(primary, layer)
    const first = await this.#firstTokens(primary, layer)
    return {
      record: { ...identity, leastLogProbability: this.#least },
      blocks: this.#blocks,
      separations: fits.map((fit) => separationRecord(model.key, fit, primary, layer)),
      choices: this.#choices,
      firstTokens: first,
      fits,
      primary: primary.adapter.name,
      side: { key: model.key, own, anchors: await this.#anchors() }
    }
  }

  /** Every state on `tune`; the base on `calibrate`, where it is learnt what an answer of it is like, and on `eval`. */
  async #admission(): Promise<void> {
    const { samples } = this.#study.settings
    const plan = (adapter: string, set: 'tune' | 'calibrate' | 'eval'): Omit<BlockPlan, 'model'> => ({
      ...{ adapter, part: 'admission', stage: 'admission', name: 'none', set },
      arms: [plainArm(samples)]
    })
    const own = await this.#answer(plan(base, 'calibrate'))
    const scores = own.answers.flatMap(({ logProbability }) => logProbability ?? [])
    this.#least = quantile(scores, 0.01)
    await this.#answer(plan(base, 'tune'))
    await this.#answer(plan(base, 'eval'))
    for (const { name } of this.#lease.model.adapters) await this.#answer(plan(name, 'tune'))
  }

  /** The first admitted insecure adapter; where none is, the first. */
  #primary(fits: readonly AdapterFit[]): AdapterFit {
    const insecure = fits.filter(({ adapter }) => adapter.kind === 'insecure')
    const { admitInsecure, admitBase } = this.#study.settings.thresholds
    const isAdmitted = ({ adapter }: AdapterFit): boolean =>
      this.#spill(adapter.name) >= admitInsecure && this.#spill(base) <= admitBase
    const primary = insecure.find(isAdmitted) ?? insecure[0]
    if (primary) return primary
    const { key } = this.#lease.model
    throw new LabError('adapter', `${key} has no insecure adapter; name one in the study's settings`)
  }

  /** Code on `tune`, unsteered: 0 to 1. */
  #spill(adapter: string): number {
    const block = this.#blocks.find((one) => one.adapter === adapter && one.part === 'admission' && one.set === 'tune')
    return block ? (ratesOf([plainArm(1)], block.answers, this.#least, this.#study.read)[0]?.code ?? NaN) : NaN
  }

  /** The alphas at which an adapter's direction is judged: the chosen one, and for the leading adapter those of carried directions. */
  #alphas(adapter: string, all = true): readonly number[] {
    const { primary, verdictAlphas } = this.#study.settings
    const own = this.#choice(adapter).alpha ?? primary.alpha
    return all ? [...new Set([own, ...verdictAlphas])] : [own]
  }

  async #insecure(fit: AdapterFit, primary: AdapterFit, fits: readonly AdapterFit[]): Promise<void> {
    const { settings } = this.#study
    const layer = fit.directions.length - 1
    const { name } = fit.adapter
    const isPrimary = fit === primary
    const seed = settings.seed * 1000 + fits.indexOf(fit) * 10
    const samples = isPrimary ? settings.decidingSamples : settings.samples
    const parts = { settings, directions: fit.directions, layer, seed, unsteered: samples }
    const choice = await this.#choose(fit, parts, isPrimary)
    this.#choices.push(choice)
    const alphas = this.#alphas(name, isPrimary)
    const [alpha = settings.primary.alpha] = alphas
    const extra = isPrimary
      ? await this.#primaryArms(fit, fits, { ...parts, alphas, middleLayer: choice.middleLayer })
      : []
    const arms = [
      plainArm(samples),
      ...doseArms(parts, { alphas, samples }),
      ...(isPrimary || settings.seedControls ? alphas.flatMap((one) => randomArms({ ...parts, alpha: one })) : []),
      ...extra
    ]
    await this.#answer({ adapter: name, part: 'within', stage: 'within', name: 'arms', set: 'eval', arms })
    const own = at(fit.directions, layer)
    const steered = alphas.map((one) => ownArm(own, one, settings.samples))
    const requests = [plainArm(settings.samples), ...(isPrimary ? steered : [ownArm(own, alpha, settings.samples)])]
    await this.#answer({ adapter: name, part: 'within', stage: 'within', name: 'arms', set: 'code', arms: requests })
  }

  /** Modes at the first of the alphas, controls at each, and the prompting baseline. */
  async #primaryArms(
    fit: AdapterFit,
    fits: readonly AdapterFit[],
    {
      alphas,
      ...parts
    }: Omit<WithinParts, 'alpha'> & {
      readonly alphas: readonly number[]
      readonly middleLayer: number | null
    }
  ): Promise<ArmPlan[]> {
    const { settings, layer, seed } = parts
    const shared = {
      ...parts,
      span: spanOf(fit, layer, 10),
      swapped: await swappedDirections(fit, layer, settings.controls.swapped, seed + 3),
      sources: fits
        .filter(({ adapter }) => adapter.kind !== 'insecure')
        .map(({ adapter, directions }) => ({ name: adapter.name, vector: at(directions, layer).vector }))
    }
    const [first = settings.primary.alpha] = alphas
    return [
      ...modeArms({ ...shared, alpha: first }),
      ...alphas.flatMap((alpha) => primaryControls({ ...shared, alpha })),
      ...(settings.instruction === '' ? [] : [promptedArm(settings.instruction, settings.samples)])
    ]
  }

  /** Alpha, and for the primary adapter the middle layer, on `tune`. */
  async #choose(fit: AdapterFit, parts: Omit<WithinParts, 'alpha'>, isPrimary: boolean): Promise<Choice> {
    const { settings } = this.#study
    const { name } = fit.adapter
    const allowed = settings.thresholds.degeneration / 100
    const tune = { adapter: name, part: 'within', stage: 'alpha', set: 'tune' } as const
    const dose = [plainArm(settings.samples), ...doseArms(parts)]
    const curve = await this.#rates({ ...tune, name: 'alpha', arms: dose })
    const [none = unknownRates, ...steered] = curve
    const points = steered.map((rates, i) => ({ alpha: settings.alphas[i] ?? NaN, ...rates }))
    const alpha = chooseAlpha(none, points, allowed)
    const used = alpha ?? settings.primary.alpha
    const middle = isPrimary ? await this.#middle(fit, used) : []
    return {
      ...{ model: this.#lease.model.key, adapter: name, layer: parts.layer, alpha, middle },
      middleLayer: chooseLayer(
        none,
        middle.filter((one) => one.alpha === used),
        allowed
      ),
      curve: [{ alpha: 0, ...none }, ...points]
    }
  }

  /** What the directions of middle layers do on `tune`: at the chosen alpha with every sample, elsewhere with those of a control. */
  async #middle(fit: AdapterFit, chosen: number): Promise<Choice['middle']> {
    const { alphas, samples, controlSamples } = this.#study.settings
    const cells = middleLayers(fit.directions.length).flatMap((layer) =>
      [...new Set([...alphas, chosen])].map((alpha) => ({ layer, alpha }))
    )
    if (cells.length === 0) return []
    const arms = cells.map(({ layer, alpha }) => {
      const { vector, norm } = at(fit.directions, layer)
      const facts = { alpha, member: layer, samples: alpha === chosen ? samples : controlSamples }
      return pushArm({ family: 'middle', ...facts }, [{ layer, vector, coefficient: -alpha * norm }])
    })
    const place = { adapter: fit.adapter.name, part: 'within', stage: 'alpha', set: 'tune', name: 'layers' } as const
    const rates = await this.#rates({ ...place, arms: [plainArm(samples), ...arms] })
    return cells.map((cell, i) => ({ ...cell, ...(rates[i + 1] ?? unknownRates) }))
  }

  /** The primary direction under each adapter that is not insecure. */
  async #elsewhere(fits: readonly AdapterFit[], own: ReturnType<typeof at>, alphas: readonly number[]): Promise<void> {
    const { samples } = this.#study.settings
    const arms = [plainArm(samples), ...alphas.map((alpha) => ownArm(own, alpha, samples))]
    for (const { adapter } of fits) {
      if (adapter.kind === 'insecure') continue
      const place = { part: 'secure-adapter', stage: 'within', name: 'own', set: 'eval' } as const
      await this.#answer({ adapter: adapter.name, ...place, arms })
    }
  }

  /**
   * In a graph of its own, since keeping lengths costs time at every token of every arm. At the middle layer, too: at the last
   * one the final norm undoes any length.
   */
  async #normKeeping({ adapter, directions }: AdapterFit, layer: number): Promise<void> {
    const { samples } = this.#study.settings
    const { middleLayer } = this.#choice(adapter.name)
    const [alpha = this.#study.settings.primary.alpha] = this.#alphas(adapter.name)
    const layers = middleLayer === null ? [layer] : [layer, middleLayer]
    const steered = layers.map((one, member) => normKeepingArm(at(directions, one), alpha, samples, member))
    const arms = [plainArm(samples), ...steered]
    const plan = {
      adapter: adapter.name,
      part: 'within',
      stage: 'within',
      name: 'norm-keeping',
      set: 'eval',
      arms
    } as const
    await this.#lease.close()
    const lease = new Lease(this.#study, this.#lease.model, { keepNorm: true })
    try {
      this.#blocks.push(await measureBlock(this.#study, lease, plan))
    } finally {
      await lease.close()
    }
  }

  #firstTokens(primary: AdapterFit, layer: number): Promise<readonly FirstTokenRecord[]> {
    const { settings } = this.#study
    const parts = { settings, directions: primary.directions, layer }
    const arms = [plainArm(settings.samples), ...doseArms(parts)]
    return firstTokens(this.#study, this.#lease, primary.adapter.name, arms)
  }

  async #anchors(): Promise<TransferSide['anchors']> {
    const sides: { -readonly [Key in keyof TransferSide['anchors']]: TransferSide['anchors'][Key] } = {}
    if (this.#study.settings.models.length < 2) return sides
    for (const anchors of this.#study.settings.anchors) {
      sides[anchors] = await setStates(this.#study, this.#lease, base, `anchors-${anchors}`)
    }
    return sides
  }

  #choice(adapter: string): Choice {
    const found = this.#choices.find((choice) => choice.adapter === adapter)
    if (!found) throw new RangeError(`no choice for ${adapter}`)
    return found
  }

  async #rates(plan: Omit<BlockPlan, 'model'>): Promise<ReturnType<typeof ratesOf>> {
    const { answers } = await this.#answer(plan)
    return ratesOf(plan.arms, answers, this.#least, this.#study.read)
  }

  async #answer(plan: Omit<BlockPlan, 'model'>): Promise<MeasuredBlock> {
    const block = await measureBlock(this.#study, this.#lease, plan)
    this.#blocks.push(block)
    return block
  }
}
