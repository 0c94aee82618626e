import { describe, expect, it } from 'vitest'
import { judgeFit, likelyDtype } from '../../../src/state/models/device-fit'
import { estimateWeights, familyModels, type FamilyModel } from '../../../src/state/models/family-models'
import { families } from '../../../src/study/presets'

function family(name: string): FamilyModel {
  const found = familyModels.find((model) => model.name.startsWith(name))
  if (!found) throw new Error(`no family ${name}`)
  return found
}

const gpu = { half: true, largestBuffer: 4e9 }
const auto = { device: null, dtype: null }

describe('the families', () => {
  it('are those of the study, from the same repositories', () => {
    expect(familyModels.map(({ source }) => source)).toEqual(families.map(({ source }) => source))
  })

  // What the makers state: 1.54 billion of which 1.31 beside the table, 2.6, 1.23, and 3.4 in the language model.
  it.each([
    ['Qwen2.5', 1.31, 1.54],
    ['gemma-2', 2.02, 2.61],
    ['Llama-3.2', 0.97, 1.23],
    ['Ministral-3', 3.03, 3.43]
  ])('%s has as many parameters as is stated', (name, blocks, all) => {
    const model = family(name)
    expect(model.blocks / 1e9).toBeCloseTo(blocks, 1)
    expect(Math.abs((model.blocks + model.table) / 1e9 - all)).toBeLessThan(0.01)
  })

  it('take more the more bits a weight has, and no more than is said', () => {
    for (const model of familyModels) {
      const [q4f16, q4, q8, fp16, fp32] = (['q4f16', 'q4', 'q8', 'fp16', 'fp32'] as const).map((dtype) =>
        estimateWeights(model, dtype)
      )
      const least = [q4f16, q4, q8, fp16, fp32].map((estimate) => estimate?.least ?? NaN)
      expect([...least].sort((a, b) => a - b)).toEqual(least)
      expect(fp32?.most).toBe(4 * (model.blocks + model.table))
      expect(q4f16?.most).toBeGreaterThan(q4f16?.least ?? NaN)
    }
  })
})

describe('whether one runs here', () => {
  it('is likely where the memory is four times the weights, and the table fits into a buffer', () => {
    const fit = judgeFit(family('Llama'), { memory: 8 * 2 ** 30, gpu }, auto)
    expect(fit.chance).toBe('likely')
  })

  it('says which limit stands in the way', () => {
    const signs = { memory: 32 * 2 ** 30, gpu: { half: true, largestBuffer: 256 * 2 ** 20 } }
    expect(judgeFit(family('gemma'), signs, auto)).toEqual({
      chance: 'unlikely',
      reason: 'its table of tokens has 0.3 GB or more, one buffer of this GPU holds 0.3 GB'
    })
    expect(judgeFit(family('Qwen'), signs, auto)).toMatchObject({ chance: 'tight' })
    const small = judgeFit(family('Ministral'), { memory: 4 * 2 ** 30, gpu }, auto)
    expect(small).toEqual({ chance: 'unlikely', reason: 'opening takes 4.4 GB or more, this browser tells of 4.3 GB' })
  })

  it('is never likely where the browser tells no memory, or there is no GPU', () => {
    for (const model of familyModels) {
      expect(judgeFit(model, { memory: null, gpu }, auto).chance).not.toBe('likely')
      expect(judgeFit(model, { memory: 64 * 2 ** 30, gpu: null }, auto).chance).not.toBe('likely')
      expect(judgeFit(model, { memory: 64 * 2 ** 30, gpu }, { device: 'wasm', dtype: null }).chance).not.toBe('likely')
    }
    const fp32 = judgeFit(family('Qwen'), { memory: 64 * 2 ** 30, gpu: null }, { device: null, dtype: 'fp32' })
    expect(fp32).toMatchObject({ chance: 'unlikely', reason: expect.stringContaining('WebAssembly has 3.8 GB') })
  })

  it('is of the weights that would be opened', () => {
    expect(likelyDtype({ memory: null, gpu }, null, null)).toBe('q4f16')
    expect(likelyDtype({ memory: null, gpu }, 'wasm', null)).toBe('q4')
    expect(likelyDtype({ memory: null, gpu: { ...gpu, half: false } }, null, null)).toBe('q4')
    expect(likelyDtype({ memory: null, gpu }, null, 'fp16')).toBe('fp16')
  })
})
