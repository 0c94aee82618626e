import { steeringBy, type SteeringMode } from '../lab/steering'
import type { NamedSteering } from './chat.svelte'
import type { DirectionSet } from './fits.svelte'

export const alphaRange = { min: -3, max: 3, step: 0.05 } as const

/** The controls of the steered answer. */
export class SteeringControls {
  alpha = $state(1.5)
  mode = $state<SteeringMode>('add')
  positions = $state<'all' | 'prompt' | 'generated'>('all')
  scope = $state<'layer' | 'all'>('layer')

  /** The steering these controls ask for, with a short label. */
  toSteering(fit: DirectionSet, layer: number): NamedSteering {
    const directions = this.scope === 'all' ? fit.directions : fit.directions.filter((one) => one.layer === layer)
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
  const digits = Math.abs(alpha).toFixed(2)
  if (Number(digits) === 0) return digits
  return `${alpha < 0 ? '\u2212' : '+'}${digits}`
}
