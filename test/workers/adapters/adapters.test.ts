/** Adapters in the engine: PEFT's logits un-merged, several loaded, one in use, off is the base to the bit. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { Progress } from '../../../src/lab/api'
import { Engine } from '../../../workers/engine'
import {
  adapterContents,
  adapterFolder,
  adapterNames,
  adapterReference,
  bytesOf,
  configOf,
  filesSource,
  pairOf,
  safetensors,
  zipSource,
  type Contents
} from '../../adapters'
import { loadFixture } from '../../fixtures'
import { largestDifference } from '../../onnx/compare'
import { fixtureFiles, ids, openFixture } from '../fixture-host'

const name = 'llama-genai'
const { prompts } = loadFixture(name).reference
const rows = prompts.map((prompt) => ({ prompt: ids(prompt) }))
const greedy = { maxTokens: 12, sampling: { temperature: 0 } }
const own = { kind: 'folder', path: join(loadFixture(name).folder, 'adapter') } as const
const other = { kind: 'folder', path: adapterFolder('rslora-regex') } as const

function contentsOf(folder: string, below = ''): Contents {
  const { config, weights } = adapterContents(folder)
  return { [`${below}adapter_config.json`]: config, [`${below}adapter_model.safetensors`]: weights }
}

/** An engine with the fixture open, closed after the test. */
async function opened(fixture = name, options: Parameters<Engine['open']>[1] = { dtype: 'fp32' }): Promise<Engine> {
  const engine = await openFixture(fixture, options)
  onTestFinished(() => engine.close())
  return engine
}

async function attached(engine: Engine, source: Parameters<Engine['loadAdapter']>[0], scale = 1): Promise<string> {
  const { sha256 } = await engine.loadAdapter(source)
  await engine.useAdapter({ sha256, scale })
  return sha256
}

describe("un-merged logits are PEFT's", () => {
  it.each(adapterNames())('%s', async (adapter) => {
    const { fixture, logits } = adapterReference(adapter)
    const engine = await opened(fixture)
    const asked = loadFixture(fixture).reference.prompts.map((prompt) => ({ prompt: ids(prompt) }))
    const base = await engine.logits(asked)
    await attached(engine, { kind: 'folder', path: adapterFolder(adapter) })
    expect(largestDifference(await engine.logits(asked), logits.data)).toBeLessThan(1e-4)
    await engine.useAdapter(null)
    expect(await engine.logits(asked)).toEqual(base)
  })

  it.each(['q4', 'q8'] as const)('with %s weights: those of PEFT on the same decoded weights', async (dtype) => {
    const { tensors, reference } = loadFixture(name)
    const want = tensors.get(`${dtype}.logits.lora`)
    const [, S = 0, V = 0] = want?.dims ?? []
    const engine = await opened(name, { dtype, exact: true })
    await attached(engine, own)
    const got = await engine.logits(rows)
    reference.prompts.forEach((prompt, row) => {
      const start = (row * S + prompt.length - 1) * V
      const difference = largestDifference(
        got.subarray(row * V, (row + 1) * V),
        want?.data.slice(start, start + V) ?? new Float32Array()
      )
      expect(difference).toBeLessThan(1e-4)
    })
  })

  it('in halves: within their rounding', async () => {
    const engine = await opened(name, { dtype: 'fp16' })
    await attached(engine, other)
    expect(largestDifference(await engine.logits(rows), adapterReference('rslora-regex').logits.data)).toBeLessThan(0.1)
  })
})

describe('several adapters', () => {
  it('take turns, and each is named by its files', async () => {
    const engine = await opened()
    const base = await engine.logits(rows)
    const first = await attached(engine, own)
    const one = await engine.logits(rows)
    const second = await attached(engine, other)
    expect(await engine.logits(rows)).not.toEqual(one)
    const info = await engine.useAdapter({ sha256: first, scale: 1 })
    expect(info.adapter).toEqual({ id: 'folder:adapter', sha256: first, scale: 1 })
    expect(await engine.logits(rows)).toEqual(one)
    expect((await engine.dropAdapter(second)).adapter?.sha256).toBe(first)
    await expect(engine.useAdapter({ sha256: second, scale: 1 })).rejects.toThrow(
      /no adapter .* is loaded.*load it first/
    )
    expect((await engine.dropAdapter(first)).adapter).toBeNull()
    expect(await engine.logits(rows)).toEqual(base)
  })

  it('are loaded once, from wherever the same files come', async () => {
    const engine = await opened()
    const folder = await engine.loadAdapter(own)
    const zip = await engine.loadAdapter(zipSource(contentsOf(own.path, 'some/folder/')))
    expect(zip).toBe(folder)
    const bytes = Buffer.concat(Object.values(contentsOf(own.path)).map(bytesOf))
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex')
    expect(folder.sha256).toBe(digest)
  })

  it('give captures that say which of them was in use, and how much of it', async () => {
    const engine = await opened()
    const sha256 = await attached(engine, own, 0.5)
    expect((await engine.capture(rows, 'last')).model.adapter).toMatchObject({ sha256, scale: 0.5 })
    await engine.useAdapter(null)
    expect((await engine.capture(rows, 'last')).model.adapter).toBeNull()
  })
})

describe('the scale', () => {
  it("is 0 for the base to the bit, and straight in between for one layer's change", async () => {
    const engine = await opened()
    const base = await engine.logits(rows)
    const sha256 = await attached(engine, own, 0)
    expect(await engine.logits(rows)).toEqual(base)
    const moved = async (scale: number): Promise<number> => {
      await engine.useAdapter({ sha256, scale })
      return largestDifference(await engine.logits(rows), base)
    }
    const small = await moved(1e-3)
    expect((await moved(2e-3)) / small).toBeCloseTo(2, 1)
    await expect(engine.useAdapter({ sha256, scale: NaN })).rejects.toMatchObject({ code: 'adapter' })
  })

  it('changes a running answer from the next token on, and leaves no cache of mixed scales', async () => {
    const engine = await opened()
    const long = [{ prompt: ids([...prompts.flat(), 5, 6, 7]) }]
    const plain = (await engine.generate(long, greedy)).completions[0]?.ids ?? []
    const sha256 = await attached(engine, own, 0)
    let seen = 0
    const mixed = await engine.generate(long, greedy, () => {
      if (++seen === 4) void engine.useAdapter({ sha256, scale: 2 })
    })
    expect(mixed.completions[0]?.ids.slice(0, 4)).toEqual(plain.slice(0, 4))
    expect(mixed.completions[0]?.ids).not.toEqual(plain)
    await engine.useAdapter({ sha256, scale: 0 })
    const again = await engine.generate(long, greedy)
    expect(again.timing.reusedTokens).toBe(0)
    expect(again.completions[0]?.ids).toEqual(plain)
  })
})

describe('room for the first adapter', () => {
  it('is made by opening the model again, on the same device, told as it goes', async () => {
    const engine = new Engine(fixtureFiles(name))
    onTestFinished(() => engine.close())
    const before = await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32' })
    const stages: Progress['stage'][] = []
    const { sha256, timing } = await engine.loadAdapter(own, ({ stage }) => stages.push(stage))
    expect(stages).toContain('session')
    expect(timing.reopen).toBeGreaterThan(0)
    const after = await engine.useAdapter({ sha256, scale: 1 })
    expect(after).toMatchObject({
      sha256: before.sha256,
      device: 'cpu',
      deviceReason: before.deviceReason,
      adapt: true
    })
    stages.splice(0)
    expect((await engine.loadAdapter(other, ({ stage }) => stages.push(stage))).timing.reopen).toBe(0)
    expect(stages).not.toContain('session')
  })

  it('where it cannot be made, the model goes on as it was', async () => {
    const host = fixtureFiles(name)
    const engine = new Engine({
      ...host,
      openRuntime: async (...args) => {
        const runtime = await host.openRuntime(...args)
        return {
          ...runtime,
          createSession: (graph, ...rest) => {
            if (Buffer.from(graph).includes('lora.scale')) throw new Error('bad_alloc')
            return runtime.createSession(graph, ...rest)
          }
        }
      }
    })
    onTestFinished(() => engine.close())
    await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32' })
    const base = await engine.logits(rows)
    await expect(engine.loadAdapter(own)).rejects.toThrow('bad_alloc')
    expect(await engine.logits(rows)).toEqual(base)
  })
})

describe('the proof', () => {
  it('measures what changes, in which layers, and leaves in use what was', async () => {
    const engine = await opened()
    const inUse = await attached(engine, own, 0.25)
    const before = await engine.logits(rows)
    const { sha256 } = await engine.loadAdapter(other)
    const proof = await engine.proveAdapter(sha256)
    expect(proof.change).toBeGreaterThan(0.1)
    expect(proof.relative).toBeGreaterThan(0.01)
    expect(proof.layers).toHaveLength(3)
    for (const share of proof.layers) expect(share).toBeGreaterThan(0.001)
    expect(await engine.logits(rows)).toEqual(before)
    expect((await engine.capture(rows, 'last')).model.adapter?.sha256).toBe(inUse)
  })

  it.each([
    ['another', other],
    ['its own', own]
  ])('counts and measures what the logits of its prompts do under %s adapter', async (_, source) => {
    const engine = await opened()
    const { sha256 } = await engine.loadAdapter(source)
    const proof = await engine.proveAdapter(sha256)
    const asked = proof.prompts.map((content) => ({ prompt: { messages: [{ role: 'user' as const, content }] } }))
    const split = (all: Float32Array): readonly Float32Array[] => {
      const vocabulary = all.length / asked.length
      return asked.map((_, row) => all.slice(row * vocabulary, (row + 1) * vocabulary))
    }
    const before = split(await engine.logits(asked))
    await engine.useAdapter({ sha256, scale: 1 })
    const after = split(await engine.logits(asked))
    const top = (logits: Float32Array): number => logits.indexOf(Math.max(...logits))
    expect(proof.prompts).toHaveLength(4)
    expect(proof.top1Changed).toBe(after.filter((logits, row) => top(logits) !== top(before[row] ?? logits)).length)
    const moved = after.map((logits, row) => Math.hypot(...logits.map((x, i) => x - (before[row]?.[i] ?? 0))))
    expect(proof.change).toBeCloseTo(moved.reduce((sum, x) => sum + x, 0) / moved.length, 3)
  })

  it('shows the first layer that is touched: those before it keep every bit', async () => {
    const engine = await opened()
    const noise = (length: number): Uint8Array =>
      new Uint8Array(Float32Array.from({ length }, (_, i) => Math.sin(i)).buffer)
    const [A, B] = Object.keys(pairOf('model.layers.1.mlp.down_proj'))
    const weights = safetensors({
      [A ?? '']: { shape: [2, 128], data: noise(256) },
      [B ?? '']: { shape: [64, 2], data: noise(128) }
    })
    const source = filesSource({ 'adapter_config.json': configOf(), 'adapter_model.safetensors': weights })
    const { layers } = await engine.proveAdapter((await engine.loadAdapter(source)).sha256)
    expect(layers[0]).toBe(0)
    expect(Math.min(layers[1] ?? 0, layers[2] ?? 0)).toBeGreaterThan(0)
  })

  it('says of an adapter whose B is zero that nothing changes, to the bit', async () => {
    const engine = await opened()
    const { sha256, notes } = await engine.loadAdapter({ kind: 'folder', path: adapterFolder('zero') })
    expect(await engine.proveAdapter(sha256)).toMatchObject({
      change: 0,
      relative: 0,
      top1Changed: 0,
      layers: [0, 0, 0]
    })
    expect(notes.join()).toMatch(/B matrices are zero/)
  })
})

describe('what is odd is told, not refused', () => {
  it('another base by its name', async () => {
    const engine = await opened()
    expect((await engine.loadAdapter(other)).notes.join()).toMatch(
      /names azimuth\/llama as its base, the open model is llama-genai/
    )
  })

  it('modules of an encoder for images', async () => {
    const engine = await opened('ministral3-split')
    const { notes, modules } = await engine.loadAdapter({ kind: 'folder', path: adapterFolder('vision-prefix') })
    expect(notes.join()).toMatch(/1 modules of an image/)
    expect(modules).toHaveLength(12)
  })
})

describe('in Node', () => {
  it('a zip file opens by its path', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'azimuth-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const source = zipSource(contentsOf(own.path))
    if (source.kind !== 'zip') throw new Error('not a zip')
    await writeFile(join(folder, 'mine.zip'), new Uint8Array(await source.blob.arrayBuffer()))
    const engine = await opened()
    expect(await engine.loadAdapter({ kind: 'folder', path: join(folder, 'mine.zip') })).toMatchObject({ name: 'mine' })
  })

  it('files that were picked open as a folder does', async () => {
    const engine = await opened()
    const { id, name: called } = await engine.loadAdapter(filesSource(contentsOf(own.path, 'run/final/'), 'run'))
    expect([id, called]).toEqual(['files:run/run/final', 'final'])
  })
})
