/** Broken files and impossible requests: a typed error that names the way out, and an engine that goes on. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { create } from '@bufbuild/protobuf'
import { GraphProtoSchema, ModelProtoSchema, OperatorSetIdProtoSchema } from 'onnx-buf'
import { describe, expect, it } from 'vitest'
import { Graph } from '../../src/onnx/graph'
import { DataType, encodeModel, makeNode, makeValueInfo } from '../../src/onnx/proto'
import type { GenerateRow, OpenOptions } from '../../src/lab/api'
import { Engine } from '../../workers/engine'
import type { Host } from '../../workers/host/host'
import { nodeHost } from '../../workers/host/host-node'
import { loadFixture } from '../fixtures'
import { fixtureFiles, ids, openFixture, readFixtureFile } from './fixture-host'

const name = 'llama-genai'
const [prompt = []] = loadFixture(name).reference.prompts
const greedy = { maxTokens: 4, sampling: { temperature: 0 } }
const graph = readFixtureFile(name, 'onnx/model.onnx')

/** A whole ONNX file with one Relu and no decoder in it. */
const relu = encodeModel(
  create(ModelProtoSchema, {
    irVersion: 8n,
    opsetImport: [create(OperatorSetIdProtoSchema, { version: 17n })],
    graph: create(GraphProtoSchema, {
      name: 'relu',
      node: [makeNode('Relu', ['x'], ['y'])],
      input: [makeValueInfo('x', DataType.FLOAT, [1])],
      output: [makeValueInfo('y', DataType.FLOAT, [1])]
    })
  })
)

/** The fixture's graph after an edit. */
function edited(edit: (graph: Graph) => void, precision = 'model'): Uint8Array {
  const copy = new Graph(readFixtureFile(name, `onnx/${precision}.onnx`))
  edit(copy)
  return encodeModel(copy.model)
}

/** One of the texts that fixtures get beside their own files. */
async function fixtureText(path: string): Promise<Uint8Array> {
  const files = await fixtureFiles(name).files({ kind: 'folder', path: name }, () => undefined)
  return files.read(path, () => undefined)
}

/** One host whose files change between two openings. */
function changing(): {
  engine: Engine
  open: (change: Parameters<typeof fixtureFiles>[1], options?: OpenOptions) => Promise<unknown>
} {
  let host: Host = fixtureFiles(name)
  const engine = new Engine({ ...host, files: (...args) => host.files(...args) })
  return {
    engine,
    open: (change, options = { dtype: 'fp32' }) => {
      host = fixtureFiles(name, change)
      return engine.open({ kind: 'folder', path: name }, options)
    }
  }
}

describe('a model that cannot be opened', () => {
  const cases: [string, Record<string, Uint8Array | string | null>, string, RegExp][] = [
    [
      'a truncated graph',
      { 'onnx/model.onnx': graph.subarray(0, graph.length / 2) },
      'checksum',
      /onnx\/model\.onnx is not a whole ONNX file.*fetch it again/
    ],
    ['an empty graph file', { 'onnx/model.onnx': new Uint8Array() }, 'checksum', /0 bytes/],
    [
      'a page instead of a graph',
      { 'onnx/model.onnx': '<!doctype html><title>404</title>' },
      'checksum',
      /fetch it again|without one/
    ],
    ['an ONNX file that is not a decoder', { 'onnx/model.onnx': relu }, 'graph', /KV cache.*export it with its cache/],
    ['missing weights', { 'onnx/model.onnx_data': null, 'onnx/x': '' }, 'format', /onnx\/model.onnx_data.*whole/],
    ['weights cut short', { 'onnx/model.onnx_data': new Uint8Array(1000) }, 'checksum', /fetch (it|them) again/],
    [
      'an unknown operator',
      { 'onnx/model.onnx': edited((g) => g.proto.node.forEach((n) => n.opType === 'Mul' && (n.opType = 'Mull'))) },
      'onnx',
      /operator/
    ],
    [
      'another architecture',
      {
        'onnx/model.onnx': edited((g) =>
          g.proto.node.forEach((n) => n.opType.startsWith('Skip') && (n.opType = 'Strange'))
        )
      },
      'graph',
      /residual addition.*does not look like a pre-norm transformer/
    ],
    [
      "another model's config",
      { 'config.json': '{"model_type":"llama","num_hidden_layers":7}' },
      'format',
      /different models/
    ],
    ['a config that is not JSON', { 'config.json': '{' }, 'format', /config\.json is not JSON/],
    [
      'a Git LFS pointer for a graph',
      { 'onnx/model.onnx': new TextEncoder().encode('version https://git-lfs.github.com/spec/v1\noid sha256:0\n') },
      'format',
      /onnx\/model\.onnx is a Git LFS pointer.*git lfs pull/
    ],
    [
      'a Git LFS pointer for a tokenizer',
      { 'tokenizer.json': 'version https://git-lfs.github.com/spec/v1\noid sha256:0\n' },
      'format',
      /tokenizer\.json is a Git LFS pointer/
    ],
    ['no tokenizer', { 'tokenizer.json': null }, 'format', /tokenizer\.json.*whole model folder/],
    [
      'a broken tokenizer',
      { 'tokenizer.json': '{"model":{"type":"Nope"}}' },
      'format',
      /tokenizer\.json could not be read/
    ],
    ['no graph at all', { 'onnx/model.onnx': null }, 'format', /fp32 was asked for, this model has q4/]
  ]

  it.each(cases)('%s', async (_, change, code, message) => {
    const { engine, open } = changing()
    const error: unknown = await open(change).catch((e: unknown) => e)
    expect(error).toMatchObject({ name: 'LabError', code, message: expect.stringMatching(message) })
    expect(String(error)).not.toContain('\n')
    // The same engine opens the whole model right after.
    await open({})
    const { completions } = await engine.generate([{ prompt: ids(prompt) }], greedy)
    expect(completions[0]?.ids).toHaveLength(4)
    await engine.close()
  })

  it('a folder without the weights that its graph refers to', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'azimuth-'))
    try {
      await cp(loadFixture(name).folder, folder, { recursive: true })
      await writeFile(join(folder, 'tokenizer.json'), await fixtureText('tokenizer.json'))
      await writeFile(join(folder, 'tokenizer_config.json'), await fixtureText('tokenizer_config.json'))
      await rm(join(folder, 'onnx/model.onnx_data'))
      const opening = new Engine(nodeHost).open({ kind: 'folder', path: folder }, { dtype: 'fp32' })
      await expect(opening).rejects.toMatchObject({
        code: 'format',
        message: expect.stringContaining('download it too')
      })
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('a device that is not there', async () => {
    const { open } = changing()
    await expect(open({}, { device: 'wasm' })).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining('cpu')
    })
  })

  it('a model too large for the device, with what would fit', async () => {
    const small = fixtureFiles(name)
    const host: Host = {
      ...small,
      openRuntime: async (device, options) => ({
        ...(await small.openRuntime(device, options)),
        limits: { buffer: 1e6, total: 1000 }
      })
    }
    const opening = new Engine(host).open({ kind: 'folder', path: name }, { dtype: 'fp32' })
    await expect(opening).rejects.toMatchObject({ code: 'memory', message: expect.stringContaining('choose q4') })
  })
})

describe('a request that cannot be met', () => {
  const cases: [string, GenerateRow[], string, RegExp][] = [
    ['no prompts', [], 'shape', /empty/],
    ['an empty prompt', [{ prompt: { text: '' } }], 'format', /empty/],
    ['a prompt beyond the context', [{ prompt: ids(Array(200).fill(5)) }], 'shape', /200 tokens.*holds 128/],
    ['tokens of another tokenizer', [{ prompt: ids([5, 4000]) }], 'format', /4000.*vocabulary of 96/],
    [
      'a direction of another width',
      [
        {
          prompt: ids(prompt),
          steering: { interventions: [{ mode: 'add', layer: 0, vector: new Float32Array(48), coefficient: 1 }] }
        }
      ],
      'shape',
      /width 48.*64/
    ]
  ]

  it.each(cases)('%s', async (_, rows, code, message) => {
    const engine = await openFixture(name)
    await expect(engine.generate(rows, greedy)).rejects.toMatchObject({ code, message: expect.stringMatching(message) })
    expect((await engine.generate([{ prompt: ids(prompt) }], greedy)).completions).toHaveLength(1)
    await engine.close()
  })

  it('asks for a model first', async () => {
    const engine = new Engine(fixtureFiles(name))
    await expect(engine.generate([{ prompt: ids(prompt) }], greedy)).rejects.toMatchObject({
      message: expect.stringContaining('open one first')
    })
  })

  it('says so when half precision overflows', async () => {
    const engine = await openFixture(name, { dtype: 'fp16' })
    const vector = new Float32Array(64).fill(1)
    const steering = { interventions: [{ mode: 'add' as const, layer: 0, vector, coefficient: 1e6 }] }
    await expect(engine.capture([{ prompt: ids(prompt), steering }], 'last')).rejects.toMatchObject({
      code: 'device',
      message: expect.stringContaining('65,504')
    })
    expect((await engine.capture([{ prompt: ids(prompt) }], 'last')).rows).toBe(1)
    await engine.close()
  })
})
