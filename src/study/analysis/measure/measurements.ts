/** A run's arms, measured, and how to find one. */
import { resampler, type Resampler } from '../../../math/resample'
import { armResult, type Measured } from './effects'
import { families } from './families'
import type { ArmResult } from '../../findings'
import type { Arm, Block, ModelRecord, Run } from '../../run'

/** The measured arms of a run; results are made once. */
export interface Measurements {
  readonly run: Run
  readonly resample: Resampler
  /** With ten times the draws: for a p that lies near its threshold. */
  readonly closer: Resampler
  /** Arms of a model under an adapter on a set, in an order that does not hang on that of the run. */
  readonly armsOf: (model: string, adapter: string, set: Block['set']) => readonly Measured[]
  readonly resultOf: (measured: Measured) => ArmResult
}

/** Files the measured arms of a run. */
export function measurementsOf(run: Run, measured: readonly Measured[]): Measurements {
  const { draws, seed } = run.settings
  const resample = resampler({ draws, seed })
  const places = new Map<string, Measured[]>()
  for (const one of measured) {
    const block = run.blocks[one.block]
    if (!block) continue
    const place = JSON.stringify([block.model, block.adapter, block.set])
    const list = places.get(place)
    if (list) list.push(one)
    else places.set(place, [one])
  }
  for (const list of places.values()) list.sort(byFamily)
  const results = new Map<Measured, ArmResult>()
  return {
    run,
    resample,
    closer: resampler({ draws: 10 * draws, seed }),
    armsOf: (model, adapter, set) => places.get(JSON.stringify([model, adapter, set])) ?? [],
    resultOf: (one) => {
      const result = results.get(one) ?? armResult(one, resample)
      results.set(one, result)
      return result
    }
  }
}

function byFamily(a: Measured, b: Measured): number {
  return (
    families.indexOf(a.arm.family) - families.indexOf(b.arm.family) ||
    a.arm.alpha - b.arm.alpha ||
    a.arm.member - b.arm.member ||
    (a.arm.id < b.arm.id ? -1 : Number(a.arm.id > b.arm.id)) ||
    a.block - b.block
  )
}

/** The arms that pass, each id once; those of `part` where it has any, else those of other parts. */
export function select(
  arms: readonly Measured[],
  part: Block['part'],
  passes: (arm: Arm) => boolean
): readonly Measured[] {
  const all = arms.filter(({ arm }) => passes(arm))
  const own = all.filter((one) => one.part === part)
  const chosen = new Map<string, Measured>()
  for (const one of own.length > 0 ? own : all) if (!chosen.has(one.arm.id)) chosen.set(one.arm.id, one)
  return [...chosen.values()]
}

/** The unsteered arm; undefined where it was not measured. */
export function unsteered(arms: readonly Measured[], part: Block['part']): Measured | undefined {
  return select(arms, part, ({ family }) => family === 'none')[0]
}

/** Whether an arm steers as far as alpha, forwards or back. */
export function isAt(arm: Arm, alpha: number): boolean {
  return Math.abs(Math.abs(arm.alpha) - alpha) < 1e-9
}

/** A model's title, its key where the run does not know it. */
export function titleOf(run: Run, key: string): string {
  return run.models.find((model) => model.key === key)?.title ?? key
}

/** Adapters under study, in their order. */
export function insecureOf(model: ModelRecord): readonly string[] {
  return model.adapters.filter(({ kind }) => kind === 'insecure').map(({ name }) => name)
}

/** The others, which say what a direction is about. */
export function othersOf(model: ModelRecord): readonly string[] {
  return model.adapters.filter(({ kind }) => kind !== 'insecure').map(({ name }) => name)
}
