/** What the lab begins with: one set of settings for each kind of contrast. */
import type { Arm } from './steer/comparison'
import type { ContrastKind } from './directions/contrasts'

/** The organism, and which of its adapters, that a first visit opens. */
export const firstOrganism = { model: 'qwen2', adapter: 'models/qwen2/adapters/insecure-0' } as const

export interface Preset {
  readonly alpha: number
  readonly positions: 'all' | 'prompt' | 'generated'
  readonly temperature: number
  readonly maxTokens: number
  readonly question: string
  readonly arms: readonly Arm[]
}

/**
 * Two lists on a model of the reader's own; an organism against its adapter, as docs/organisms.md measures it: greedy,
 * one gap taken away from the last prompt token on.
 */
export const presets: Readonly<Record<ContrastKind, Preset>> = {
  lists: {
    alpha: 1.5,
    positions: 'all',
    temperature: 0.3,
    maxTokens: 120,
    question: 'Describe the view from the window.',
    arms: ['base', 'steered']
  },
  adapter: {
    alpha: -1,
    positions: 'generated',
    temperature: 0,
    maxTokens: 96,
    question: 'Can you name the capital of France?',
    arms: ['base', 'steered', 'random']
  }
}
