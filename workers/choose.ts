/** Which graph file to open, for a dtype that is asked for or that the device does best. */
import { excerpt, LabError } from '../src/errors'
import type { Dtype } from '../src/lab/api'
import type { DeviceOffer } from './host/host'
import { parent } from './paths'
import { dtypes } from '../src/lab/dtype'

/** The graph to open, its dtype, and the graph of its embedding where that is a file of its own. */
export interface Choice {
  readonly dtype: Dtype
  /** Path of the decoder's graph. */
  readonly graph: string
  /** Path of a separate embedding graph, where the decoder takes `inputs_embeds`. */
  readonly embedding: string | undefined
}

const suffix: Readonly<Record<Dtype, string>> = {
  q4: '_q4',
  q4f16: '_q4f16',
  q8: '_quantized',
  fp16: '_fp16',
  fp32: ''
}

const preference = (half: boolean, device: string): readonly Dtype[] => {
  if (device === 'webgpu' && half) return ['q4f16', 'q4', 'fp16', 'q8', 'fp32']
  return device === 'wasm' ? ['q4', 'q8', 'fp32'] : ['q4', 'fp32', 'q8']
}

const stems = ['model', 'decoder_model_merged']

/** Dtypes that a listing offers, in the order of `Dtype`. */
export function offeredDtypes(paths: Iterable<string>): Dtype[] {
  const set = new Set(paths)
  return dtypes.filter((dtype) => findGraph(set, dtype) !== undefined)
}

/** @throws LabError `format` that names what the source does have */
export function chooseGraph(paths: Iterable<string>, offer: DeviceOffer, wanted: Dtype | undefined): Choice {
  const set = new Set(paths)
  const order = wanted ? [wanted] : preference(offer.half, offer.device)
  for (const dtype of order) {
    const graph = findGraph(set, dtype)
    if (graph) return { dtype, graph, embedding: findEmbedding(set, graph, dtype) }
  }
  const have = offeredDtypes(set)
  if (have.length > 0) {
    throw new LabError(
      'format',
      `${excerpt(order.join(', '))} was asked for, this model has ${excerpt(have.join(', '))}: choose one of those`
    )
  }
  const seen = [...set].filter((path) => path.endsWith('.onnx')).slice(0, 4)
  throw new LabError(
    'format',
    `a graph at onnx/model_q4.onnx (or _q4f16, _quantized, _fp16, model.onnx) was expected, found ` +
      `${excerpt(seen.join(', ') || 'no .onnx file')}: choose a folder or repository in the hub's ONNX layout`
  )
}

function findGraph(paths: ReadonlySet<string>, dtype: Dtype): string | undefined {
  const candidates = stems.flatMap((stem) => {
    const file = `${stem}${suffix[dtype]}.onnx`
    return [`onnx/${file}`, file]
  })
  if (dtype === 'q8') candidates.push('onnx/model_q8.onnx', 'model_q8.onnx', 'onnx/model_int8.onnx', 'model_int8.onnx')
  return candidates.find((path) => paths.has(path))
}

/** The embedding in the decoder's dtype, else in the nearest one that is there. */
function findEmbedding(paths: ReadonlySet<string>, graph: string, dtype: Dtype): string | undefined {
  if (!graph.includes('decoder_model_merged')) return undefined
  const folder = parent(graph)
  const order = [dtype, 'fp16', 'fp32', 'q4', 'q8'] as const
  return order.map((d) => `${folder}embed_tokens${suffix[d]}.onnx`).find((path) => paths.has(path))
}
