/** The columns of a comparison: what each is called, exactly, and how it is steered. */
import { gaussianBeside } from '../../direction/controls'
import type { Direction } from '../../direction/direction'
import type { ModelInfo } from '../../lab/api'
import { madeOn, type Circumstances } from '../../lab/live/circumstances'
import type { AskedArm, NamedSteering } from './asked'
import { allArms, type Arm } from './comparison'
import type { DirectionSet } from '../directions/fits.svelte'

/** What columns are made of. */
interface ArmsOptions {
  readonly model: ModelInfo
  /** The one in use; null where there is none, and then no column without it. */
  readonly adapter: { readonly name: string; readonly scale: number } | null
  readonly steering: NamedSteering
  /** The same along random directions. */
  readonly random: NamedSteering
  readonly controlSeed: number
  readonly asked: Pick<Circumstances, 'prompt' | 'sampling'>
}

/** Random directions beside a set: the same layers and gaps. */
export function randomBeside(set: DirectionSet, seed: number): readonly Direction[] {
  return gaussianBeside(set.directions, seed, set.kind === 'fitted' ? set.centers : null)
}

/** The arms that are wanted, in the order of `allArms`. */
export function askedArms(wanted: readonly Arm[], options: ArmsOptions): readonly AskedArm[] {
  const { model, adapter, steering, random, controlSeed, asked } = options
  const scaled = adapter && (adapter.scale === 1 ? adapter.name : `${adapter.name} at ${adapter.scale.toFixed(2)}`)
  const name = scaled ?? model.name
  const under = (one: NamedSteering | null): Pick<AskedArm, 'steering' | 'made'> => ({
    steering: one,
    made: { model: madeOn(model), steering: one?.made ?? null, ...asked }
  })
  const bare = { model: { ...madeOn(model), adapter: null }, steering: null, ...asked }
  const arms: Readonly<Record<Arm, AskedArm>> = {
    bare: { arm: 'bare', title: `${model.name} without ${adapter?.name ?? 'an adapter'}`, steering: null, made: bare },
    base: { arm: 'base', title: `${name}, unsteered`, ...under(null) },
    steered: { arm: 'steered', title: `${name}, steered`, ...under(steering) },
    random: { arm: 'random', title: `${name}, random direction ${controlSeed}`, ...under(random) }
  }
  return allArms.filter((arm) => wanted.includes(arm) && (arm !== 'bare' || adapter)).map((arm) => arms[arm])
}
