/** Adapters that cannot be attached: a typed error that names the way out; the base and the other adapters go on. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AdapterSource } from '../../../src/lab/api'
import { Engine } from '../../../workers/engine'
import {
  adapterContents,
  adapterFolder,
  bytesOf,
  configOf,
  filesSource,
  pairOf,
  safetensors,
  zipSource,
  type Contents
} from '../../adapters'
import { loadFixture } from '../../fixtures'
import { fixtureFiles, ids } from '../fixture-host'

const name = 'llama-genai'
const [prompt = []] = loadFixture(name).reference.prompts
const rows = [{ prompt: ids(prompt) }]
const own = join(loadFixture(name).folder, 'adapter')
const good = adapterContents(own)
const q = 'model.layers.0.self_attn.q_proj'

/** Two files, one of them changed. */
const adapter = (config: string, weights: Uint8Array | string = good.weights): Contents => ({
  'adapter_config.json': config,
  'adapter_model.safetensors': weights
})
/** The whole adapter with other settings. */
const withSettings = (settings: object): AdapterSource =>
  filesSource(adapter(JSON.stringify({ ...JSON.parse(good.config), ...settings })))
/** An adapter of these tensors. */
const withTensors = (tensors: Parameters<typeof safetensors>[0], settings = {}): AdapterSource =>
  filesSource(adapter(configOf(settings), safetensors(tensors)))
const withWeights = (weights: Uint8Array | string): AdapterSource => filesSource(adapter(good.config, weights))

/** A header that claims so many bytes, and what follows. */
function claims(length: bigint, rest: Uint8Array | string = '{}'): Uint8Array {
  const head = new Uint8Array(8)
  new DataView(head.buffer).setBigUint64(0, length, true)
  return new Uint8Array(Buffer.concat([head, bytesOf(rest)]))
}

/** One pair whose header says something else than is true. */
const lying = (entry: object): AdapterSource =>
  withWeights(safetensors(pairOf(q), (fields) => ({ ...fields, [Object.keys(fields)[0] ?? '']: entry })))

let engine: Engine
let base: Float32Array
let adapted: Float32Array
let sha256 = ''

beforeAll(async () => {
  engine = new Engine(fixtureFiles(name))
  await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32', adapt: true })
  base = await engine.logits(rows)
  sha256 = (await engine.loadAdapter({ kind: 'folder', path: own })).sha256
  await engine.useAdapter({ sha256, scale: 1 })
  adapted = await engine.logits(rows)
})

afterAll(() => engine.close())

/** Refused, in one line; what was in use still is, and the base is what it was. */
async function expectRefused(source: AdapterSource, code: string, message: RegExp): Promise<void> {
  const error: unknown = await engine.loadAdapter(source).catch((caught: unknown) => caught)
  expect(error).toMatchObject({ name: 'LabError', code, message: expect.stringMatching(message) })
  expect(String(error)).not.toContain('\n')
  expect(await engine.logits(rows)).toEqual(adapted)
  await engine.useAdapter(null)
  expect(await engine.logits(rows)).toEqual(base)
  await engine.useAdapter({ sha256, scale: 1 })
}

type Case = readonly [what: string, source: AdapterSource, code: string, message: RegExp]

describe('for another model', () => {
  const cases: readonly Case[] = [
    [
      'another width',
      { kind: 'folder', path: adapterFolder('excluded') },
      'adapter',
      /_proj \[\d+, 48\] of layer 0.*has \[\d+, \d+\] there.*another model/
    ],
    [
      'more layers',
      withTensors(pairOf('model.layers.7.self_attn.q_proj')),
      'adapter',
      /layer 7, the open model has 3 layers/
    ],
    [
      'fewer layers',
      withTensors(pairOf(q), { target_modules: ['q_proj'] }),
      'adapter',
      /asks for model\.layers\.1\.self_attn\.q_proj and 1 more.*lacks/
    ],
    [
      'a module that it does not have',
      withTensors(pairOf('model.layers.0.mlp.fc1')),
      'adapter',
      /fc1 .*no such module/
    ],
    [
      'experts',
      withTensors({
        ...pairOf('model.layers.0.mlp.experts.0.up_proj'),
        ...pairOf('model.layers.0.mlp.experts.1.up_proj')
      }),
      'adapter',
      /changes both .*experts\.0.*experts\.1/
    ]
  ]
  it.each(cases)('%s', (_, ...rest) => expectRefused(...rest))
})

describe('of another kind', () => {
  const cases: readonly Case[] = [
    ...['IA3', 'LOHA', 'LOKR', 'PROMPT_TUNING', 'PREFIX_TUNING', 'ADALORA', 'VERA', 'OFT', 'XLORA'].map(
      (type): Case => [
        type,
        withSettings({ peft_type: type }),
        'adapter',
        new RegExp(`this one is ${type}: train it with LoraConfig`)
      ]
    ),
    [
      'MLX, by its config',
      filesSource(adapter('{"fine_tune_type": "lora", "lora_parameters": {"rank": 8, "scale": 20}, "num_layers": 3}')),
      'adapter',
      /is one of MLX.*mlx_lm\.fuse/
    ],
    [
      'MLX, by its files',
      filesSource({ 'adapter_config.json': '{"fine_tune_type": "lora"}', 'adapters.safetensors': good.weights }),
      'adapter',
      /the adapter in given is one of MLX/
    ],
    ["a model's config", filesSource(adapter('{"model_type":"llama"}')), 'adapter', /this one is undefined/],
    ['DoRA', withSettings({ use_dora: true }), 'adapter', /DoRA.*use_dora=False/],
    [
      'DoRA by its tensors',
      withTensors({ ...pairOf(q), [`base_model.model.${q}.lora_magnitude_vector`]: { shape: [64] } }),
      'adapter',
      /belongs to DoRA/
    ],
    ['biases', withSettings({ bias: 'all' }), 'adapter', /bias "all".*bias="none"/],
    ['a bias beside B', withSettings({ lora_bias: true }), 'adapter', /lora_bias=False/],
    ['whole layers', withSettings({ modules_to_save: ['lm_head'] }), 'adapter', /modules_to_save/],
    [
      'whole layers by their tensors',
      withTensors({ ...pairOf(q), 'base_model.model.lm_head.weight': { shape: [96, 64] } }),
      'adapter',
      /lm_head\.weight is no half of a LoRA pair/
    ],
    [
      'an embedding',
      withTensors({ 'base_model.model.model.embed_tokens.lora_embedding_A': { shape: [2, 96] } }),
      'adapter',
      /adapts an embedding/
    ],
    ['single tokens', withSettings({ trainable_token_indices: [1, 2] }), 'adapter', /trainable_token_indices/],
    [
      'the unembedding',
      withTensors(pairOf('lm_head')),
      'adapter',
      /changes lm_head, which lies outside of the numbered layers/
    ],
    [
      'a base that was changed, too',
      withSettings({ init_lora_weights: 'pissa_niter_4' }),
      'adapter',
      /begun with pissa_niter_4.*path_initial_model/
    ],
    [
      'a repeated base',
      withSettings({
        layer_replication: [
          [0, 2],
          [1, 3]
        ]
      }),
      'adapter',
      /repeats layers/
    ],
    ['activated LoRA', withSettings({ alora_invocation_tokens: [5] }), 'adapter', /certain tokens only/],
    [
      'an encoder only',
      withTensors(pairOf('model.vision_tower.layers.0.attention.q_proj')),
      'adapter',
      /no layer of the language model/
    ]
  ]
  it.each(cases)('%s', (_, ...rest) => expectRefused(...rest))
})

describe('not whole, or not what it claims', () => {
  const many = 'x'.repeat(1000)
  const cases: readonly Case[] = [
    ['a config that is not JSON', filesSource(adapter('{"peft_type":')), 'format', /adapter_config\.json is not JSON/],
    ['a rank that is none', withSettings({ r: 0 }), 'adapter', /r as a whole number/],
    [
      'a rank of another file',
      withSettings({ r: 16 }),
      'adapter',
      /has rank 4, adapter_config\.json says 16: the two files do not belong together/
    ],
    [
      'a pattern that is none',
      withSettings({ rank_pattern: { '(q_proj': 4 } }),
      'adapter',
      /rank_pattern holds .*no regular expression/
    ],
    [
      'a pattern without a number',
      withSettings({ alpha_pattern: { q_proj: 'many' } }),
      'adapter',
      /alpha_pattern gives many for q_proj/
    ],
    [
      'a half that is missing',
      withTensors(Object.fromEntries(Object.entries(pairOf(q)).slice(0, 1))),
      'adapter',
      /\[2, 64\] and missing: is the file whole/
    ],
    [
      'halves that do not fit',
      withTensors({ ...pairOf(q), [`base_model.model.${q}.lora_B.weight`]: { shape: [64, 3] } }),
      'adapter',
      /lora_A \[r, in\].*\[2, 64\] and \[64, 3\]/
    ],
    [
      'an empty tensor, as ZeRO-3 leaves it',
      withTensors({ ...pairOf(q), [`base_model.model.${q}.lora_A.weight`]: { shape: [0] } }),
      'adapter',
      /they are \[0\]/
    ],
    ['no tensors', withWeights(safetensors({})), 'adapter', /no layer of the language model/],
    [
      'NaN',
      withTensors({
        ...pairOf(q),
        [`base_model.model.${q}.lora_B.weight`]: { shape: [64, 2], data: new Uint8Array(512).fill(255) }
      }),
      'adapter',
      /NaN or infinity.*earlier checkpoint/
    ],
    [
      'a type that is no float',
      withTensors({
        ...pairOf(q),
        [`base_model.model.${q}.lora_B.weight`]: { shape: [64, 2], dtype: 'I32', data: new Uint8Array(512) }
      }),
      'format',
      /type I32; F32, F16, BF16 or F64/
    ],
    ['weights cut short', withWeights(good.weights.subarray(0, 4000)), 'format', /is the file whole/],
    ['weights that are empty', withWeights(''), 'format', /is empty/],
    ['a page in place of weights', withWeights('<!doctype html><title>404</title>'), 'format', /without its header/],
    ['a header as long as a disk', withWeights(claims(2n ** 60n)), 'format', /without its header/],
    ['a header longer than the file', withWeights(claims(5000n)), 'format', /without its header/],
    [
      'a header that is not JSON',
      withWeights(claims(5n, 'hello')),
      'format',
      /header of this safetensors file is not JSON/
    ],
    [
      'a tensor beyond the file',
      lying({ dtype: 'F32', shape: [2, 64], data_offsets: [1e9, 1e9 + 512] }),
      'format',
      /should begin at byte/
    ],
    [
      'a shape beyond all memory',
      lying({ dtype: 'F32', shape: [2 ** 40, 2 ** 40], data_offsets: [0, 512] }),
      'format',
      /its place has 512/
    ],
    [
      'offsets that run backwards',
      lying({ dtype: 'F32', shape: [2, 64], data_offsets: [512, 0] }),
      'format',
      /should take 512 bytes/
    ],
    [
      'no config',
      filesSource({ 'adapter_model.safetensors': good.weights }),
      'format',
      /adapter_config\.json was expected in given, found adapter_model/
    ],
    [
      'no weights',
      filesSource({ 'adapter_config.json': good.config, 'README.md': '' }),
      'format',
      /adapter_model\.safetensors was expected/
    ],
    ['nothing', filesSource({}), 'format', /found nothing/],
    [
      'several',
      filesSource({ ...prefixed('a/'), ...prefixed('b/') }),
      'format',
      /several adapters, a\/ and b\/ among them/
    ],
    [
      'a config of a megabyte',
      filesSource(adapter(JSON.stringify(Array(1100).fill(many)))),
      'memory',
      /at most 1048576 are read/
    ],
    [
      'a folder that is not there',
      { kind: 'folder', path: 'nowhere' },
      'format',
      /expected in nowhere, which is not there/
    ],
    ['an address that is none', { kind: 'url', url: 'ftp://host/adapter' }, 'format', /https:\/\/host\/path/]
  ]
  it.each(cases)('%s', (_, ...rest) => expectRefused(...rest))
})

describe('a Git LFS pointer', () => {
  const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n'
  const cases: readonly Case[] = [
    [
      'for the weights',
      withWeights(pointer),
      'format',
      /adapter_model\.safetensors is a Git LFS pointer.*git lfs pull/
    ],
    ['for the config', filesSource(adapter(pointer)), 'format', /adapter_config\.json is a Git LFS pointer/]
  ]
  it.each(cases)('%s is called so', (_, ...rest) => expectRefused(...rest))
})

it('fan_in_fan_out changes nothing, and is said, as PEFT does', async () => {
  const { notes, sha256: other } = await engine.loadAdapter(withSettings({ fan_in_fan_out: true }))
  expect(notes).toEqual(expect.arrayContaining([expect.stringMatching(/fan_in_fan_out.*changes nothing/)]))
  await engine.useAdapter({ sha256: other, scale: 1 })
  expect(await engine.logits(rows)).toEqual(adapted)
  await engine.useAdapter({ sha256, scale: 1 })
})

describe('a pickle is never read', () => {
  const torchZip = new Uint8Array([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 8])
  const bare = new Uint8Array([0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9])
  const cases: readonly Case[] = [
    [
      'adapter_model.bin',
      filesSource({ 'adapter_config.json': good.config, 'adapter_model.bin': torchZip }),
      'format',
      /adapter_model\.bin is a pickle.*save_pretrained/
    ],
    ['a .pt alone', filesSource({ 'adapter.pt': torchZip }), 'format', /adapter\.pt is a pickle/],
    [
      'one in a zip',
      zipSource({ 'adapter_config.json': good.config, 'adapter_model.bin': torchZip }),
      'format',
      /is a pickle/
    ],
    [
      'a .pt that was given for a zip',
      zipSource({ 'archive/data.pkl': bare, 'archive/data/0': '' }),
      'format',
      /data\.pkl is a pickle/
    ],
    ['one under another name', withWeights(torchZip), 'format', /adapter_model\.safetensors is a pickle/],
    ['a bare one under another name', withWeights(bare), 'format', /adapter_model\.safetensors is a pickle/]
  ]
  it.each(cases)('%s', (_, ...rest) => expectRefused(...rest))
})

function prefixed(folder: string): Contents {
  return Object.fromEntries(Object.entries(adapter(good.config)).map(([path, content]) => [folder + path, content]))
}

describe('an adapter whose loading is cancelled', () => {
  it('rejects with AbortError, and leaves the model ready for the next', async () => {
    const host = fixtureFiles(name)
    let asked: () => void = () => undefined
    const waiting = new Promise<void>((resolve) => (asked = resolve))
    // A server that never answers.
    const endless: typeof host.adapterFiles = (_source, _onProgress, signal) => {
      asked()
      return new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(new DOMException('cancelled', 'AbortError')))
      )
    }
    let isEndless = true
    const engine = new Engine({
      ...host,
      adapterFiles: (...given) => (isEndless ? endless(...given) : host.adapterFiles(...given))
    })
    await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32', adapt: true })
    // Nothing is loaded: nothing to cancel.
    await engine.cancelAdapter()
    const loading = engine.loadAdapter(filesSource(adapter(good.config)))
    await waiting
    await engine.cancelAdapter()
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' })
    isEndless = false
    const { sha256 } = await engine.loadAdapter(filesSource(adapter(good.config)))
    expect((await engine.useAdapter({ sha256, scale: 1 })).adapter?.sha256).toBe(sha256)
    await engine.close()
  })
})
