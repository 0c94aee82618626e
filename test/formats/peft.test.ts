/** PEFT's matching of names, case by case as its source has it. test/workers/adapters/adapters.test.ts holds the numbers. */
import { describe, expect, it } from 'vitest'
import { readPeft } from '../../src/formats/peft'
import { readPeftConfig } from '../../src/formats/peft-config'
import { configOf, pairOf, safetensors } from '../adapters'

const path = 'model.layers.3.self_attn.q_proj'
const config = (settings: object): ReturnType<typeof readPeftConfig> => readPeftConfig(configOf({ ...settings }))

describe('rank_pattern and alpha_pattern', () => {
  it.each([
    ['the end of a path at a dot', { q_proj: 7 }, 7],
    ['not the end of a name', { proj: 7 }, 2],
    ['the whole path', { [path]: 7 }, 7],
    ['a regular expression', { 'layers\\.[3-5]\\..*': 7 }, 7],
    ['one from the start of the path', { '^model.layers.3.self_attn.q_proj': 7 }, 7],
    ['one that starts elsewhere', { '^layers.3.self_attn.q_proj': 7 }, 2],
    ['alternatives', { 'k_proj|q_proj': 7 }, 7],
    ['one where case does not count', { '(?i)Q_PROJ': 7 }, 7],
    ["groups with Python's names", { '(?P<which>q|k)_proj': 7 }, 7],
    ['the first that matches', { self_attn: 5, '.*_proj': 6, q_proj: 7 }, 6]
  ])('%s', (_, pattern, expected) => {
    expect(config({ rank_pattern: pattern }).rankOf(path)).toBe(expected)
    expect(config({ alpha_pattern: pattern }).loraAlphaOf(path)).toBe(expected === 2 ? 4 : expected)
  })
})

describe('target_modules', () => {
  it.each([
    ['a list of names', { target_modules: ['q_proj'] }, true],
    ['a list of ends', { target_modules: ['self_attn.q_proj'] }, true],
    ['a list of other names', { target_modules: ['proj', 'k_proj'] }, false],
    ['a regular expression, for the whole path', { target_modules: '.*q_proj' }, true],
    ['a regular expression for a part', { target_modules: 'q_proj' }, false],
    ['a regular expression where case does not count', { target_modules: '(?i).*\\.SELF_ATTN\\.(q|v)_PROJ' }, true],
    ['one with a class', { target_modules: '(?i).*[P-Q]_PROJ' }, true],
    ['one where case counts', { target_modules: '.*\\.SELF_ATTN\\..*' }, false],
    ['one with a group of its own', { target_modules: '.*(?i:SELF_ATTN)\\.q_proj' }, true],
    ['one with a group of its own, elsewhere', { target_modules: '.*(?i:SELF_ATTN)\\.Q_proj' }, false],
    ['one whose group takes a flag away', { target_modules: '(?i).*SELF_ATTN\\.(?-i:Q_proj)' }, false],
    ['flags of texts', { target_modules: '(?ius).*Q_PROJ' }, true],
    ['excluded where case does not count', { target_modules: 'all-linear', exclude_modules: '(?i).*Q_PROJ' }, false],
    ['a group that is named again', { target_modules: '.*a(?P<twice>t)(?P=twice)n\\.q_proj' }, true],
    ['everything', { target_modules: 'all-linear' }, true],
    ['everything, shouted', { target_modules: 'ALL-LINEAR' }, true],
    ['everything but', { target_modules: 'all-linear', exclude_modules: ['q_proj'] }, false],
    ['excluded by a regular expression', { target_modules: ['q_proj'], exclude_modules: '.*layers.3.*' }, false],
    ['layers by their numbers', { target_modules: ['q_proj'], layers_to_transform: [1, 3] }, true],
    ['other layers', { target_modules: ['q_proj'], layers_to_transform: [1] }, false],
    ['one layer', { target_modules: ['q_proj'], layers_to_transform: 3 }, true],
    [
      "layers by their list's name",
      { target_modules: ['q_proj'], layers_to_transform: [3], layers_pattern: 'layers' },
      true
    ],
    [
      'layers of another list',
      { target_modules: ['q_proj'], layers_to_transform: [3], layers_pattern: ['h', 'blocks'] },
      false
    ],
    ['an empty list of layers: all', { target_modules: ['q_proj'], layers_to_transform: [] }, true]
  ])('%s', (_, settings, expected) => {
    expect(config(settings).targets?.(path)).toBe(expected)
  })

  it("are PEFT's business where none are given", () => {
    expect(config({ target_modules: null }).targets).toBeNull()
  })
})

describe('readPeft', () => {
  const q = 'model.layers.0.self_attn.q_proj'
  const read = (tensors: Parameters<typeof safetensors>[0], settings = {}): ReturnType<typeof readPeft> =>
    readPeft(configOf(settings), safetensors(tensors))

  it("takes names with and without PEFT's prefix and the adapter's name", () => {
    const [[A, a], [B, b]] = Object.entries(pairOf(q)) as [[string, { shape: number[] }], [string, { shape: number[] }]]
    const bare = read({ [A.replace('base_model.model.', '')]: a, [B.replace('base_model.model.', '')]: b })
    const named = read({ [A.replace('.weight', '.default.weight')]: a, [B.replace('.weight', '.default.weight')]: b })
    for (const { pairs } of [bare, named]) expect(pairs).toMatchObject([{ layer: 0, module: 'q_proj', rank: 2 }])
  })

  it('names what a model of so many layers needs and the file lacks, apart or fused as the file shows', () => {
    const fused = read(
      { ...pairOf('model.layers.0.self_attn.qkv_proj') },
      { target_modules: ['q_proj', 'qkv_proj', 'o_proj'] }
    )
    expect(fused.missing(1)).toEqual(['model.layers.0.self_attn.o_proj'])
    const apart = read({ ...pairOf(q) }, { target_modules: ['q_proj', 'v_proj', 'qkv_proj'] })
    expect(apart.missing(2)).toEqual([
      'model.layers.0.self_attn.v_proj',
      'model.layers.1.self_attn.q_proj',
      'model.layers.1.self_attn.v_proj'
    ])
    expect(read(pairOf(q), { target_modules: ['q_proj'], layers_to_transform: [0] }).missing(9)).toEqual([])
  })

  it('transposes, and scales B by lora_alpha / r or, with rsLoRA, / sqrt(r)', () => {
    const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
    const [A = '', B = ''] = Object.keys(pairOf(q))
    const tensors = {
      [A]: { shape: [4, 1], data: floats(1, 2, 3, 4) },
      [B]: { shape: [2, 4], data: floats(1, 2, 3, 4, 5, 6, 7, 8) }
    }
    expect(read(tensors, { r: 4, lora_alpha: 8 }).pairs[0]).toMatchObject({
      A: Float32Array.of(1, 2, 3, 4),
      B: Float32Array.of(2, 10, 4, 12, 6, 14, 8, 16)
    })
    expect(read(tensors, { r: 4, lora_alpha: 8, use_rslora: true }).pairs[0]?.B[0]).toBe(4)
  })
})
