/** Vectors of other programs, from files as they are saved. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { adopt, type PlainVector } from '../../src/direction/files/adopt'
import { writeDirections, type NamedFile } from '../../src/direction/files/files'
import { fitted, type OpenModel, type TakenDirections } from '../../src/direction/files/fitted'
import { readAnyDirections } from '../../src/direction/files/import'
import { layerOfName } from '../../src/direction/files/layer-name'
import { writeGguf } from '../../src/formats/gguf'
import { writeNpy } from '../../src/formats/npy'
import { floatTensor, naturalsTensor, writeSafetensors, type NamedTensor } from '../../src/formats/safetensors'
import { writeZip } from '../../src/formats/zip-write'
import { directions, eighths, model, width } from '../formats/samples'

const folder = join(import.meta.dirname, '..', 'fixtures', 'formats', 'python')
const python = (name: string): NamedFile => ({ name, bytes: new Uint8Array(readFileSync(join(folder, name))) })
const json = (value: unknown): NamedFile => ({ name: 'x.json', bytes: new TextEncoder().encode(JSON.stringify(value)) })
const safetensors = (tensors: Readonly<Record<string, NamedTensor>>): NamedFile => ({
  name: 'x.safetensors',
  bytes: writeSafetensors(new Map(Object.entries(tensors)))
})
const open: OpenModel = { ...model, name: 'tiny', family: 'llama', layers: 4, width }

const takeDirections = async (
  files: readonly NamedFile[],
  model: OpenModel,
  layer: number | null
): Promise<TakenDirections> => fitted(await readAnyDirections(files), model, layer)

async function vectorsOf(...files: readonly NamedFile[]): Promise<readonly PlainVector[]> {
  const read = await readAnyDirections(files)
  if (read.kind !== 'vectors') throw new Error('plain vectors were expected')
  return read.vectors
}

const e = [...eighths(6)]
const column = (j: number): number[] => [0, 1, 2, 3, 4, 5].map((i) => (4 * i + j) / 8 - 2)

describe('files of PyTorch and NumPy', () => {
  it.each<[string, readonly (readonly [number | null, readonly number[]])[]]>([
    ['torch-vector.pt', [[null, e]]],
    ['torch-by-layer.pt', [[14, e], [15, e.map((x) => x + 1)]]],
    ['torch-legacy.pt', [[14, e], [15, e.map((x) => x + 1)]]],
    ['torch-beside-layer.pt', [[14, e]]],
    ['torch-parameter.pt', [[null, e]]],
    ['torch-list.pt', [[null, e], [null, e], [null, e]]],
    ['torch-transposed.pt', [0, 1, 2, 3].map((j) => [null, column(j)])],
    ['torch-slice.pt', [[null, column(2).slice(1, 4)]]],
    ['torch-nested.pt', [[3, e]]],
    ['torch.pkl', [[3, e]]],
    ['numpy-2.pkl', [[3, e]]],
    ['numpy-4.pkl', [[3, e]]],
    ['numpy-5.pkl', [[3, e]]],
    ['plain.npz', [[3, e], [14, e]]],
    ['stacked.npz', [0, 1, 2].map((i) => [null, [...eighths(18)].slice(6 * i, 6 * i + 6)])]
  ])('%s', async (name, expected) => {
    const vectors = await vectorsOf(python(name))
    expect(vectors.map(({ layer, vector }) => [layer, [...vector]])).toEqual(expected)
  }) // prettier-ignore

  it.each([
    [
      'a zip of something else',
      [{ path: 'config.json', bytes: new TextEncoder().encode('{}') }],
      /a zip of "config\.json"/
    ],
    [
      'an npz of shapes that say nothing',
      [
        { path: 'a.npy', bytes: writeNpy({ shape: [2, 3], data: eighths(6) }) },
        { path: 'b.npy', bytes: writeNpy({ shape: [2, 3], data: eighths(6) }) }
      ],
      /"a" of shape \[2, 3\]/
    ]
  ])('%s is refused', async (_, entries, message) => {
    const file = { name: 'x.npz', bytes: await writeZip(entries) }
    await expect(vectorsOf(file)).rejects.toMatchObject({ code: 'format', message: expect.stringMatching(message) })
  })

  it('that are damaged are refused by their checksum', async () => {
    const { name, bytes } = python('torch-vector.pt')
    const at = Buffer.from(bytes).indexOf(Buffer.from(eighths(6).buffer))
    bytes[at] = 1
    await expect(vectorsOf({ name, bytes })).rejects.toMatchObject({ code: 'checksum' })
  })

  it('that are Git LFS pointers are called so', async () => {
    const text = 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12345\n'
    const pointer = { name: 'vector.pt', bytes: new TextEncoder().encode(text) }
    await expect(vectorsOf(pointer)).rejects.toThrow('vector.pt is a Git LFS pointer')
  })
})

describe('arrays in other files', () => {
  it('stacked as [layers, width] are rows', async () => {
    const rows = await vectorsOf(safetensors({ vectors: floatTensor([4, width], eighths(4 * width)) }))
    expect((await adopt(rows, open)).map(({ layer }) => layer)).toEqual([0, 1, 2, 3])
    expect(await vectorsOf(json([[1, 2], [3, 4]]))).toHaveLength(2) // prettier-ignore
  })

  it('may be a bare list, an object by layers, or begin with a byte order mark', async () => {
    expect(await vectorsOf(json([1, 2, 3]))).toMatchObject([{ layer: null }])
    expect(await vectorsOf(json({ 3: [1, 2], 'layer.14': [3, 4] }))).toMatchObject([{ layer: 3 }, { layer: 14 }])
    const bytes = new TextEncoder().encode('\uFEFF{"layer": 5, "vector": [1, 2]}')
    expect(await vectorsOf({ name: 'bom.json', bytes })).toMatchObject([{ layer: 5 }])
  })

  it('of whole numbers, and single numbers, are not vectors', async () => {
    const tensors = {
      'layer.2': floatTensor([width], eighths(width)),
      steps: naturalsTensor([1, 2]),
      scale: floatTensor([1], eighths(1))
    }
    expect(await vectorsOf(safetensors(tensors))).toMatchObject([{ layer: 2 }])
  })

  it.each([
    [
      'more than one shape',
      safetensors({ a: floatTensor([6], eighths(6)), w: floatTensor([2, 3], eighths(6)) }),
      /"w" of shape \[2, 3\]/
    ],
    ['three dimensions', safetensors({ w: floatTensor([2, 2, 3], eighths(12)) }), /"w" of shape \[2, 2, 3\]/],
    ['no vector', json({ name: 'x' }), /no vector of numbers/],
    ['rows of two widths', json([[1, 2], [3]]), /row 1 of 1 numbers/],
    ['a text among numbers', json([1, 'x']), /\[1\] should be a number, got "x"/],
    ['two layers for one vector', json({ layer: 3, 'layer.4': [1, 2] }), /says layer 3 and names its vector layer 4/]
  ])('with %s are refused', async (_, file, message) => {
    await expect(vectorsOf(file)).rejects.toMatchObject({ code: 'format', message: expect.stringMatching(message) })
  })
})

describe('a layer by its name', () => {
  it.each([
    ...[
      '14',
      'direction.14',
      'layer_14',
      'Layer 14',
      'layer14',
      'L14',
      'h.14',
      'vector_14',
      'layer=14',
      'layers[14]',
      'blocks.14.hook_resid_post'
    ],
    ...[
      'model.layers.14.mlp_v2',
      'model.layers.14.self_attn.1',
      'llama-3_14',
      'qwen2.5-7b_layer14',
      'layer 14 of 28',
      'v2/layer-norm/layer_14'
    ]
  ])('is 14 in %j', (name) => expect(layerOfName(name, 'x')).toBe(14))

  it.each([
    'mlp_v2',
    'llama-3',
    'vec14',
    'a.2.14',
    'refusal',
    '',
    'hidden_states.14',
    'blocks.14.hook_resid_pre',
    'label14'
  ])('is left open in %j', (name) => expect(layerOfName(name, 'x')).toBeNull())

  it.each(['-1', 'layer.-1', 'direction.-1', 'layer_-1', 'layer -1', 'layer-14', 'blocks.3.layer.14'])(
    'is refused in %j',
    (name) => expect(() => layerOfName(name, 'x')).toThrow(expect.objectContaining({ code: 'format' }))
  )

  it('counted from the end is refused alike in every format', async () => {
    const gguf = writeGguf(
      new Map([['general.architecture', 'controlvector']]),
      new Map([['direction.-1', eighths(width)]])
    )
    const files = [
      safetensors({ 'layer.-1': floatTensor([width], eighths(width)) }),
      json({ layer: -1, vector: [1, 2] }),
      json({ '-1': [1, 2] }),
      { name: 'x.npz', bytes: await writeZip([{ path: '-1.npy', bytes: writeNpy({ shape: [2], data: eighths(2) }) }]) },
      { name: 'x.gguf', bytes: gguf }
    ]
    for (const file of files) await expect(vectorsOf(file)).rejects.toMatchObject({ code: 'format' })
  })
})

describe('vectors for a model', () => {
  const rows = (count: number): NamedFile => ({
    name: 'x.npy',
    bytes: writeNpy({ shape: [count, width], data: eighths(count * width) })
  })

  it('of one row more than layers begin with the embedding: the row after the layer is taken, once it is asked for', async () => {
    await expect(takeDirections([rows(5)], open, null)).rejects.toThrow(/5 rows for 4 layers.*say which layer/)
    await expect(takeDirections([rows(5)], open, 4)).rejects.toThrow(/layers 0 to 3, got 4/)
    const { directions: [taken, ...others], notes } = await takeDirections([rows(5)], open, 2) // prettier-ignore
    expect(others).toEqual([])
    const third = [...eighths(5 * width)].slice(3 * width, 4 * width)
    const size = Math.hypot(...third)
    expect(taken).toMatchObject({ layer: 2, norm: size })
    expect([...(taken?.vector ?? [])]).toEqual(third.map((x) => Math.fround(x / size)))
    expect(notes[0]).toMatch(/5 rows for 4 layers.*row l \+ 1/)
  })

  it('of any other number of rows are refused', async () => {
    await expect(takeDirections([rows(3)], open, 2)).rejects.toThrow(
      /which layers the file's 3 vectors are for is not said/
    )
    expect((await takeDirections([rows(4)], open, null)).directions).toHaveLength(4)
  })

  it('say what is left open', async () => {
    const { notes } = await takeDirections([json([1, 2, 3, 4, 5, 6])], open, 1)
    expect(notes[0]).toMatch(/does not say which model/)
  })

  it("are refused where they are another model's", async () => {
    const files = writeDirections(directions, { format: 'safetensors', name: 'd' })
    const other = { ...open, id: 'hub:example/other@main', sha256: '77'.repeat(32), layers: 9 }
    await expect(takeDirections(files, other, null)).rejects.toThrow(
      /direction is for hub:example\/tiny.*open model is hub:example\/other/
    )
    expect((await takeDirections(files, { ...open, layers: 9 }, null)).directions).toHaveLength(3)
  })
})
