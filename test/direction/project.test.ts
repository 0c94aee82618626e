import { describe, expect, it } from 'vitest'
import { centersOf, gaussianBeside } from '../../src/direction/controls'
import type { Direction } from '../../src/direction/direction'
import type { HiddenStates } from '../../src/direction/hidden-states'
import { project } from '../../src/direction/project'
import { dot, length } from '../../src/math/vector'

const model = { id: 'bundled:a', sha256: 'a', dtype: 'q4', adapter: null }
const states = (rows: number, data: readonly number[]): HiddenStates => ({
  model,
  position: 'every',
  layers: 2,
  rows,
  width: 2,
  data: Float32Array.from(data),
  prompt: Array.from({ length: rows }, () => 0)
})
const direction = (layer: number, vector: readonly number[]): Direction => ({
  vector: Float32Array.from(vector),
  model,
  against: model,
  layer,
  method: 'difference-in-means',
  contrast: 'lists',
  norm: 3,
  midpoint: 1,
  meanNorm: 1,
  positive: 2,
  negative: 2,
  sha256: 'a'
})

describe('project', () => {
  it('takes the last tokens, each layer on its own direction', () => {
    const three = states(3, [1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60])
    expect(project(three, [direction(0, [1, 0]), direction(1, [0, 1])], 2)).toEqual({
      layers: [0, 1],
      values: [Float32Array.of(3, 5), Float32Array.of(40, 60)]
    })
  })
})

describe('gaussianBeside', () => {
  const both = [direction(0, [1, 0]), direction(1, [0, 1])]

  it('keeps layer and gap, has unit length, and is the same for one layer as for all', () => {
    const random = gaussianBeside(both, 4, null)
    for (const { vector, norm, midpoint } of random) {
      expect([length(vector), norm, midpoint]).toEqual([expect.closeTo(1, 6), 3, 0])
    }
    expect(gaussianBeside(both.slice(1), 4, null)).toEqual(random.slice(1))
    expect(gaussianBeside(both, 5, null)[1]?.vector).not.toEqual(random[1]?.vector)
  })

  it('has its midpoint halfway between the projected means', () => {
    const [up, down] = [states(2, [1, 2, 3, 4, 5, 6, 7, 8]), states(1, [2, 2, 4, 4])]
    const centers = centersOf(up, down)
    expect(centers).toEqual(Float32Array.of(2, 2.5, 5, 5.5))
    const [, at1] = gaussianBeside(both, 4, centers)
    expect(at1?.midpoint).toBeCloseTo(dot(Float32Array.of(5, 5.5), at1?.vector ?? new Float32Array()), 6)
  })
})
