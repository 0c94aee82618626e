import type { Direction } from '../direction/direction'
import type { Intervention, Steering } from './api'

export type SteeringMode = Intervention['mode']

export interface SteeringSettings {
  readonly mode: SteeringMode
  /** In gaps. `add`: what is added; `clamp`: where the projection is held, from the midpoint; `ablate`: not used. */
  readonly alpha: number
  readonly positions: 'all' | 'prompt' | 'generated'
}

/**
 * What to write so that a model is steered by these directions, each at its own layer. With `add`,
 * alpha is shared out evenly: one direction gets all of it, 30 get a 30th each, since every layer
 * passes on what the ones before it added.
 */
export function steeringBy(directions: readonly Direction[], settings: SteeringSettings): Steering {
  const share = settings.alpha / directions.length
  return {
    interventions: directions.map((direction) => interventionBy(direction, settings, share)),
    positions: settings.positions
  }
}

function interventionBy(direction: Direction, { mode, alpha }: SteeringSettings, share: number): Intervention {
  const { layer, vector, norm, midpoint } = direction
  if (mode === 'ablate') return { mode, layer, vector }
  if (mode === 'clamp') return { mode, layer, vector, value: midpoint + alpha * norm }
  return { mode, layer, vector, coefficient: share * norm }
}
