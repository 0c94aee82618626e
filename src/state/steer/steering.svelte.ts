import { steeringBy, type SteeringMode } from '../../lab/steering'
import type { Direction } from '../../direction/direction'
import type { NamedSteering } from './asked'
import { formatAlpha } from '../../lab/live/circumstances'
import { directionsKey } from '../../lab/live/direction-key'
import { presets } from '../presets'

export const alphaRange = { min: -3, max: 3, step: 0.05 } as const

/** Directions to steer along, and what they are called. */
interface Directions {
  readonly name: string
  readonly directions: readonly Direction[]
}

/** The controls of the steered answer, and of the control beside it. */
export class SteeringControls {
  alpha = $state(presets.lists.alpha)
  mode = $state<SteeringMode>('add')
  positions = $state<'all' | 'prompt' | 'generated'>(presets.lists.positions)
  scope = $state<'layer' | 'all'>('layer')
  /** Of the random direction. */
  controlSeed = $state(0)

  /** The steering that these controls ask for along directions of this name, with a short label. */
  toSteering(set: Directions, layer: number, randomSeed: number | null = null): NamedSteering {
    const isAll = this.scope === 'all'
    const directions = isAll ? set.directions : set.directions.filter((one) => one.layer === layer)
    const { mode, alpha, positions } = this
    const steering = steeringBy(directions, { mode, alpha, positions })
    const key = directionsKey(directions)
    const made = { directions: key, name: set.name, layer: isAll ? null : layer, randomSeed, mode, alpha, positions }
    return { steering, made, label: this.#label(), where: isAll ? 'all layers' : `layer ${layer}` }
  }

  #label(): string {
    if (this.mode === 'ablate') return 'ablated'
    return `${this.mode === 'clamp' ? 'held at' : 'alpha'} ${formatAlpha(this.alpha)}`
  }
}
