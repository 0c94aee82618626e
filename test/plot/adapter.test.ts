import { describe, expect, it } from 'vitest'
import type { AdapterInfo, AdapterProof } from '../../src/lab/api'
import { describeProof, formatChange, moduleLines, plotChange } from '../../src/plot/adapter'

const proof = (some: Partial<AdapterProof> = {}): AdapterProof => ({
  prompts: ['a', 'b', 'c', 'd'],
  change: 50.783,
  relative: 0.01989,
  top1Changed: 0,
  layers: [0, 0.0001, 0.1, 0.2],
  ...some
})

const info = (modules: AdapterInfo['modules']): AdapterInfo => ({
  id: 'zip:one',
  name: 'one',
  sha256: 'a',
  base: null,
  modules,
  parameters: 1,
  notes: [],
  timing: { load: 1, reopen: 0 }
})

describe('plotChange', () => {
  it('has a bar a layer, none where no bit changes, and tells the adapted layers from the rest', () => {
    const bars = plotChange(proof(), info([{ layer: 2, module: 'q_proj', rank: 4 }]))
    expect(bars.map(({ height }) => height)).toEqual([0, 0.06, 0.5, 1])
    expect(bars.map(({ adapted }) => adapted)).toEqual([false, false, true, false])
    expect(bars[3]?.label).toBe('layer 3: 20\u00a0%, no module of its own adapted')
  })
})

describe('moduleLines', () => {
  it('gathers layers into ranges, rank by rank', () => {
    const q = [0, 1, 2, 5].map((layer) => ({ layer, module: 'q_proj', rank: layer === 5 ? 16 : 8 }))
    expect(moduleLines(info([...q, { layer: 3, module: 'v_proj', rank: 2 }]))).toEqual([
      { module: 'q_proj', where: 'rank 8 in layers 0\u20132, rank 16 in layer 5' },
      { module: 'v_proj', where: 'rank 2 in layer 3' }
    ])
  })
})

describe('describeProof', () => {
  it.each([
    [proof(), /move by 50\.8 \(norm\), 2\s% of their length, and the most likely next token stays on all 4/],
    [proof({ top1Changed: 3 }), /another token becomes the most likely next one on 3 of 4/],
    [proof({ change: 0 }), /^It changes nothing/]
  ])('says what was measured', (measured, text) => {
    expect(describeProof(measured)).toMatch(text)
  })

  it('rounds to two digits', () => {
    expect([0.123456, 0.000123, 0].map(formatChange)).toEqual(['12\u00a0%', '0.012\u00a0%', '0\u00a0%'])
  })
})
