/** Runs an instrumented graph in onnxruntime-node by its documented names alone, without the engine. */
import { readFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { GraphInfo } from '../../src/onnx/describe'
import { instrument } from '../../src/onnx/instrument'
import type { Plan } from '../../src/onnx/plan'
import { graphPath, type Fixture, type Precision } from '../fixtures'
import { fromHalf, toHalf } from '../../src/math/half'

export type Feeds = Record<string, ort.Tensor>

export class TestGraph {
  readonly session: ort.InferenceSession
  readonly info: GraphInfo
  readonly #embedding: ort.InferenceSession | null

  private constructor(session: ort.InferenceSession, info: GraphInfo, embedding: ort.InferenceSession | null) {
    this.session = session
    this.info = info
    this.#embedding = embedding
  }

  static around(session: ort.InferenceSession, info: GraphInfo): TestGraph {
    return new TestGraph(session, info, null)
  }

  static async open(fixture: Fixture, plan: Plan, precision: Precision = 'fp32'): Promise<TestGraph> {
    const path = graphPath(fixture, precision)
    const folder = dirname(path)
    return TestGraph.edit(readFileSync(path), plan, basename(path), folder)
  }

  /**
   * @param name of the file, under which its own weights are referred to
   * @param folder where its other weights and an embedding lie
   */
  static async edit(file: Uint8Array, plan: Plan, name: string, folder: string): Promise<TestGraph> {
    const { bytes, info, externalFiles } = instrument(file, plan, name)
    const session = await ort.InferenceSession.create(bytes, {
      logSeverityLevel: 3,
      externalData: externalFiles.map((path) => ({
        path,
        data: path === name ? file : readFileSync(join(folder, path))
      }))
    })
    const embedding = info.embedsOutside ? await ort.InferenceSession.create(join(folder, 'embed_tokens.onnx')) : null
    return new TestGraph(session, info, embedding)
  }

  float(values: Float32Array | readonly number[], dims: readonly number[]): ort.Tensor {
    const data = Float32Array.from(values)
    return this.info.activations === 'float16'
      ? new ort.Tensor('float16', toHalf(data), dims)
      : new ort.Tensor('float32', data, dims)
  }

  /** Feeds of one right-padded batch of prompts, with everything that was added switched off. */
  async feeds(prompts: readonly (readonly number[])[]): Promise<Feeds> {
    const B = prompts.length
    const S = Math.max(...prompts.map((p) => p.length))
    const ids = new BigInt64Array(B * S)
    const mask = new BigInt64Array(B * S)
    const positions = new BigInt64Array(B * S)
    prompts.forEach((prompt, b) => {
      prompt.forEach((id, i) => (ids[b * S + i] = BigInt(id)))
      mask.fill(1n, b * S, b * S + prompt.length)
      for (let i = 0; i < S; i++) positions[b * S + i] = BigInt(i)
    })
    const { cache } = this.info
    const states: Feeds = {}
    for (const { past, type, sizes } of cache.states) {
      const dims = [B, ...sizes.map((size) => size ?? 0)]
      const size = dims.reduce((a, b) => a * b, 1)
      states[past] =
        type === 'float16'
          ? new ort.Tensor('float16', new Uint16Array(size), dims)
          : new ort.Tensor('float32', new Float32Array(size), dims)
    }
    const all: Feeds = {
      ...states,
      ...(await this.#tokens(ids, [B, S])),
      attention_mask: new ort.Tensor('int64', mask, [B, S]),
      use_cache_branch: new ort.Tensor('bool', [true], [1]),
      position_ids: new ort.Tensor('int64', positions, [B, S]),
      'steer.mask': this.float(new Float32Array(B * S).fill(1), [B, S, 1]),
      'capture.pool': identityPool(B, S),
      'lora.scale': this.float([0], [1])
    }
    for (const name of this.session.inputNames) {
      const layer = /^steer\.(\d+)\.b$/.exec(name)?.[1]
      if (layer !== undefined) Object.assign(all, this.#noSteering(Number(layer)))
    }
    for (const { layer, parts, in: width } of this.info.linears) {
      for (const { module, out } of parts) {
        all[`lora.${layer}.${module}.A`] = this.float(new Float32Array(width), [width, 1])
        all[`lora.${layer}.${module}.B`] = this.float(new Float32Array(out), [1, out])
      }
    }
    const known = new Set(this.session.inputNames)
    return Object.fromEntries(Object.entries(all).filter(([name]) => known.has(name)))
  }

  async run(feeds: Feeds): Promise<Record<'logits' | 'hidden' | 'logProbabilities', Float32Array>> {
    const fetches = this.session.outputNames.filter((name) => !name.startsWith('present'))
    const outputs = await this.session.run(feeds, fetches)
    const floats = (name: string): Float32Array => {
      const data: unknown = outputs[name]?.data
      if (data instanceof Float32Array) return data
      if (data instanceof Uint16Array) return fromHalf(data)
      return ArrayBuffer.isView(data)
        ? fromHalf(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2))
        : new Float32Array()
    }
    return {
      logits: floats('logits'),
      hidden: floats('capture.hidden'),
      logProbabilities: floats('log_probabilities')
    }
  }

  #noSteering(layer: number): Feeds {
    const { width } = this.info
    const zero = new Float32Array(width)
    const affine = this.session.inputNames.includes(`steer.${layer}.U`)
    if (!affine) return { [`steer.${layer}.b`]: this.float(zero, [width]) }
    return {
      [`steer.${layer}.keep`]: this.float([0], [1, 1, 1]),
      [`steer.${layer}.b`]: this.float(zero, [1, 1, width]),
      [`steer.${layer}.U`]: this.float(zero, [1, width, 1]),
      [`steer.${layer}.W`]: this.float(zero, [1, 1, width])
    }
  }

  async #tokens(ids: BigInt64Array, dims: readonly number[]): Promise<Feeds> {
    const tensor = new ort.Tensor('int64', ids, dims)
    if (!this.#embedding) return { input_ids: tensor }
    const [input = ''] = this.#embedding.inputNames
    const [output = ''] = this.#embedding.outputNames
    const embedded = (await this.#embedding.run({ [input]: tensor }))[output]
    if (!embedded) throw new Error('the embedding returned nothing')
    const data: unknown = embedded.data
    const half = this.info.embeds === 'float16' && data instanceof Float32Array
    return { inputs_embeds: half ? new ort.Tensor('float16', toHalf(data), embedded.dims) : embedded }
  }
}

/** Reads every position: `[B][S][S]` identities. */
function identityPool(B: number, S: number): ort.Tensor {
  const pool = new Float32Array(B * S * S)
  for (let b = 0; b < B; b++) for (let i = 0; i < S; i++) pool[(b * S + i) * S + i] = 1
  return new ort.Tensor('float32', pool, [B, S, S])
}
