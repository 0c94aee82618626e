/** Figure 2: what steering every layer, and an adapter on every linear layer, cost a token. */
import * as ort from 'onnxruntime-node'
import type { Dtype } from '../src/lab/api'
import type { GraphInfo } from '../src/onnx/describe'
import type { Plan } from '../src/onnx/plan'
import { speedRow } from './compare'
import { closeAll, step, type Decoder } from './contestants/decoder'
import { EngineDecoder } from './contestants/engine-decoder'
import { atLeast, type Context, type Figure, type Row } from './figure'
import { instrumented, instrumentedSession, untouchedSession } from './model'
import { readPrompts } from './prompts'
import { AdapterTensors } from '../workers/adapters/adapter'
import type { Runtime } from '../workers/host/host'
import { SteeringTensors } from '../workers/run/steering'
import { randomAdapter, randomPairs, steerAll } from './tools/random'
import { RawDecoder, type CacheSize, type Extra } from './contestants/raw-decoder'
import { interleave } from './tools/stats'

const rank = 16
const tokens = 24
const contexts = [40, 512]
const targets = { add: atLeast(0.97), affine: atLeast(0.95), lora: atLeast(0.85) }
const levels = ['add', 'affine', 'lora'] as const

export type Level = (typeof levels)[number]

export const steering: Figure = {
  name: 'steering',
  what: 'decode with every layer steered (or LoRA r 16 on every linear layer) / a minimal loop over the untouched graph; "graph": that loop over the edited graph',
  unit: 'ms a token',
  run
}

async function* run(context: Context): AsyncIterable<Row> {
  for (const dtype of context.dtypes) {
    for (const level of levels) yield* compareLevel(context, dtype, level)
  }
}

/** One level at a time: idle sessions hold memory, and the threads of one are the cores of another. */
async function* compareLevel({ model, n }: Context, dtype: Dtype, level: Level): AsyncIterable<Row> {
  const prompts = await readPrompts(model)
  const { info } = await instrumented(model, dtype, { read: true })
  const untouched = new RawDecoder(ort.Tensor, await untouchedSession(model, dtype), cacheSize(info))
  const graph = await rawLevel(model, dtype, level, info)
  const ours = await engineLevel(model, dtype, level, info)
  try {
    for (const length of contexts) {
      const one = (decoder: Decoder) => async (repetition: number) =>
        step(await decoder.decode(prompts.ids(length, repetition), tokens))
      const times = await interleave(n, { untouched: one(untouched), ours: one(ours), graph: one(graph) })
      const theirs = times.get('untouched') ?? []
      const name = `${dtype}, ${level}, context ${length}`
      yield speedRow(name, times.get('ours') ?? [], theirs, targets[level])
      yield speedRow(`${name}: graph`, times.get('graph') ?? [], theirs, null)
    }
  } finally {
    await closeAll([untouched, graph, ours])
  }
}

async function engineLevel(model: string, dtype: Dtype, level: Level, info: GraphInfo): Promise<EngineDecoder> {
  if (level !== 'lora') return EngineDecoder.open(model, { dtype, write: level }, steerAll(info, level))
  const decoder = await EngineDecoder.open(model, { dtype, write: 'none', adapt: true })
  const { sha256 } = await decoder.engine.loadAdapter(randomAdapter(info, rank))
  await decoder.engine.useAdapter({ sha256, scale: 1 })
  return decoder
}

async function rawLevel(model: string, dtype: Dtype, level: Level, info: GraphInfo): Promise<RawDecoder> {
  const plan: Plan = level === 'lora' ? { adapt: 'joined' } : { write: level, packed: true }
  const session = await instrumentedSession(model, dtype, plan)
  const extra = level === 'lora' ? adapterFeeds(info) : steeringFeeds(info, plan)
  return new RawDecoder(ort.Tensor, session, cacheSize(info), extra)
}

export const cacheSize = (info: GraphInfo): CacheSize => ({ heads: info.cache.heads, headSize: info.cache.headSize })

const maker: Pick<Runtime, 'Tensor' | 'upload'> = { Tensor: ort.Tensor, upload: (tensor) => tensor }

function adapterFeeds(info: GraphInfo): Extra {
  const tensors = new AdapterTensors(maker, info)
  tensors.set(randomPairs(info, rank))
  tensors.setScale(1)
  const { feeds } = tensors
  return () => feeds
}

function steeringFeeds(info: GraphInfo, plan: Plan): Extra {
  const { feeds } = new SteeringTensors(maker, info, plan, [steerAll(info, plan.write === 'add' ? 'add' : 'affine')])
  if (plan.write === 'add') return () => feeds
  return (count) => ({
    ...feeds,
    'steer.mask': new ort.Tensor('float32', new Float32Array(count).fill(1), [1, count, 1])
  })
}
