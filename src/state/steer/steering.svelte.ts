import { steeringBy, type SteeringMode } from '../../lab/steering'
import type { Direction } from '../../direction/direction'
import type { NamedSteering } from './chat.svelte'
import { presets } from '../presets'
import { signed } from '../../math/number-text'

export const alphaRange = { min: -3, max: 3, step: 0.05 } as const

/** The controls of the steered answer, and of the control beside it. */
export class SteeringControls {
  alpha = $state(presets.lists.alpha)
  mode = $state<SteeringMode>('add')
  positions = $state<'all' | 'prompt' | 'generated'>(presets.lists.positions)
  scope = $state<'layer' | 'all'>('layer')
  /** Of the random direction. */
  controlSeed = $state(0)

  /** The steering that these controls ask for along a set of directions, with a short label. */
  toSteering(set: readonly Direction[], layer: number): NamedSteering {
    const directions = this.scope === 'all' ? set : set.filter((one) => one.layer === layer)
    const { mode, alpha, positions } = this
    const where = this.scope === 'all' ? 'all layers' : `layer ${layer}`
    return { steering: steeringBy(directions, { mode, alpha, positions }), label: this.#label(), where }
  }

  #label(): string {
    if (this.mode === 'ablate') return 'ablated'
    return `${this.mode === 'clamp' ? 'held at' : 'alpha'} ${formatAlpha(this.alpha)}`
  }
}

/** Alpha with its sign, two digits, and a real minus. */
export function formatAlpha(alpha: number): string {
  return signed(alpha, 2)
}
