import { describe, expect, it } from 'vitest'
import type { Direction } from '../../../src/direction/direction'
import {
  askedQuestion,
  describeDifferences,
  differences,
  madeOn,
  type Circumstances,
  type MadeWith
} from '../../../src/lab/live/circumstances'
import { directionsKey } from '../../../src/lab/live/direction-key'
import { fakeInfo } from '../../fake-lab'

const steering: MadeWith = {
  directions: 'a',
  name: 'gloomy \u2212 joyful',
  layer: 4,
  randomSeed: null,
  mode: 'add',
  alpha: 1.5,
  positions: 'all'
}
const made: Circumstances = {
  model: madeOn(fakeInfo()),
  steering,
  sampling: { temperature: 0.3, topP: 1, seed: 0, maxTokens: 120 },
  prompt: askedQuestion('What is love?'),
  position: 'last',
  method: 'PCA',
  contrast: { key: 'one', name: 'gloomy against joyful' }
}
const adapter = { id: 'bundled:models/x/adapters/insecure-0', sha256: 'x', scale: 1 }

const said = (now: Partial<Circumstances>, before: Partial<Circumstances> = {}): string | null =>
  describeDifferences(differences({ ...made, ...before }, { ...made, ...now }))

describe('the circumstances of a result', () => {
  it('are alike where nothing differs, or where a part does not apply', () => {
    expect(said({})).toBeNull()
    expect(describeDifferences(differences({ model: made.model }, made))).toBeNull()
    expect(said({ model: { ...made.model, id: 'hub:elsewhere/fake@1' } })).toBeNull()
  })

  it.each<readonly [Partial<Circumstances>, string]>([
    [{ steering: { ...steering, alpha: 0.8 } }, 'Made with alpha +1.50; now alpha +0.80.'],
    [
      // The direction of another layer of the same fit.
      { steering: { ...steering, alpha: -1, layer: 12, directions: 'b' } },
      'Made with layer 4, alpha +1.50; now layer 12, alpha \u22121.00.'
    ],
    [{ steering: { ...steering, layer: null, directions: 'a,b' } }, 'Made with layer 4; now all layers.'],
    [
      { steering: { ...steering, directions: 'b' } },
      'Made with an earlier version of the direction gloomy \u2212 joyful; now the present one.'
    ],
    [{ steering: { ...steering, mode: 'clamp' } }, 'Made with alpha +1.50; now held at +1.50.'],
    [{ steering: { ...steering, mode: 'ablate' } }, 'Made with alpha +1.50; now the direction taken out.'],
    [{ steering: { ...steering, positions: 'generated' } }, 'Made with all tokens steered; now the answer steered.'],
    [
      { steering: { ...steering, directions: 'b', name: 'up \u2212 down' } },
      'Made with the direction gloomy \u2212 joyful; now the direction up \u2212 down.'
    ],
    [{ steering: null }, 'Made with alpha +1.50 along the direction gloomy \u2212 joyful; now no steering.'],
    [{ model: { ...made.model, adapter } }, 'Made with no adapter; now insecure-0.'],
    [{ model: { ...made.model, sha256: 'g', name: 'gemma' } }, 'Made with fake; now gemma.'],
    [{ model: { ...made.model, dtype: 'fp32' } }, 'Made with fake q4; now fake fp32.'],
    [{ model: { ...made.model, device: 'webgpu' } }, 'Made with the model on wasm; now the model on webgpu.'],
    [
      { prompt: askedQuestion('And hate?') },
      'Made with the question \u201cWhat is love?\u201d; now the question \u201cAnd hate?\u201d'
    ],
    [
      { sampling: { temperature: 0, topP: 1, seed: 1, maxTokens: 60 } },
      'Made with temperature 0.3, seed 0, at most tokens: 120; now temperature 0, seed 1, at most tokens: 60.'
    ],
    [
      { contrast: { key: 'two', name: 'base against insecure-0' } },
      'Made with gloomy against joyful; now base against insecure-0.'
    ],
    [
      { contrast: { key: 'two', name: 'gloomy against joyful' } },
      'Made with an earlier version of gloomy against joyful; now the present one.'
    ],
    [{ method: 'probe' }, 'Made with PCA; now probe.'],
    [{ position: 'every' }, 'Made with the last prompt token; now every token.']
  ])('name what differs in plain words %#', (now, words) => {
    expect(said(now)).toBe(words)
  })

  it('differ where no model is open', () => {
    expect(describeDifferences(differences(made, null))).toBe('Made with fake; now no model.')
  })

  it('leave out what makes no difference: alpha where the direction is taken out, the seed of a greedy answer', () => {
    const out = { ...steering, mode: 'ablate' as const }
    expect(said({ steering: { ...out, alpha: 3 } }, { steering: out })).toBeNull()
    const greedy = { temperature: 0, topP: 1, seed: 0, maxTokens: 9 }
    expect(said({ sampling: { ...greedy, seed: 5 } }, { sampling: greedy })).toBeNull()
  })

  it('know a direction by what it writes', () => {
    const one = {
      layer: 2,
      norm: 3,
      midpoint: 0,
      vector: Float32Array.of(1, 0),
      sha256: 'same'
    } as unknown as Direction
    const other = (change: Partial<Direction>): string => directionsKey([{ ...one, ...change }])
    expect(other({})).toBe(directionsKey([one]))
    const keys = [{}, { layer: 3 }, { norm: 1 }, { midpoint: 1 }, { vector: Float32Array.of(0, 1) }].map(other)
    expect(new Set(keys).size).toBe(keys.length)
  })
})
