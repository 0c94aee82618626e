/** How much memory an open model will need, before it is loaded. */
import { LabError } from '../src/errors'
import type { Device, Memory } from '../src/lab/api'
import type { GraphInfo } from '../src/onnx/describe'
import { expandedSize, expandable } from '../src/onnx/expand'
import type { Graph } from '../src/onnx/graph'
import { externalRange } from '../src/onnx/proto'
import { isFixed } from '../src/onnx/states'
import type { Choice } from './choose'
import type { Runtime } from './host/host'
import { parent } from './paths'

/** Tokens of cache that the estimate counts with. */
const estimateTokens = 1024

/** The runtime itself, its arenas and compiled kernels. */
const runtimeBytes = 0.2e9

/** What a model takes, in bytes. */
export interface MemoryNeed extends Memory {
  /** Bytes in the memory of the device while the model is open. */
  readonly resident: number
  /** The largest single weight tensor, in bytes. */
  readonly largestTensor: { readonly name: string; readonly bytes: number }
}

/** @param graph with its int4 weights still packed; `expand` says whether they will be expanded */
export function estimateMemory(
  info: GraphInfo,
  graph: Graph,
  listing: ReadonlyMap<string, number>,
  choice: Choice,
  { device, expand, graphBytes, headSize }: { device: Device; expand: boolean; graphBytes: number; headSize: number }
): MemoryNeed {
  const folder = parent(choice.graph)
  const files = info.externalFiles.reduce((sum, file) => sum + (listing.get(folder + file) ?? 0), graphBytes)
  const embedding = choice.embedding
    ? (listing.get(choice.embedding) ?? 0) + (listing.get(`${choice.embedding}_data`) ?? 0)
    : 0
  const weights = files + embedding + (expand ? expandedSize(graph) - packedSize(graph) : 0)
  const growing = info.cache.states.filter((state) => !isFixed(state))
  const cachePerToken = growing.reduce((sum, { type, sizes }) => {
    const numbers = sizes.reduce<number>((count, size) => count * (size === 0 ? headSize : (size ?? 1)), 1)
    return sum + numbers * (type === 'float16' ? 2 : 4)
  }, 0)
  // Activations of a prompt: the widest tensors are the MLP's and one row of logits.
  const activations = 4 * (estimateTokens * info.width * 8 + info.vocabulary)
  // The native CPU packs its own copy of the weights beside the mapped file; elsewhere they pass through memory once.
  const resident = (device === 'cpu' ? 2 : 1) * weights + cachePerToken * estimateTokens + activations + runtimeBytes
  const peak = resident + (device === 'cpu' ? 0 : weights)
  return { weights, cachePerToken, peak, resident, largestTensor: largestTensor(graph) }
}

function largestTensor(graph: Graph): MemoryNeed['largestTensor'] {
  let largest = { name: '', bytes: 0 }
  for (const tensor of graph.proto.initializer) {
    const bytes = externalRange(tensor)?.length ?? tensor.rawData.byteLength
    if (bytes > largest.bytes) largest = { name: tensor.name, bytes }
  }
  return largest
}

/** Bytes of the int4 tensors that expansion replaces and that nobody else uses. */
function packedSize(graph: Graph): number {
  return expandable(graph).reduce((sum, node) => {
    const name = node.input[1] ?? ''
    const tensor = graph.initializer.get(name)
    const alone = (graph.consumers.get(name)?.length ?? 0) === 1
    const length = tensor ? (externalRange(tensor)?.length ?? tensor.rawData.byteLength) : 0
    return sum + (alone ? length : 0)
  }, 0)
}

/** @throws LabError `memory` that says what would fit */
export function refuseTooLarge(
  need: MemoryNeed,
  limits: Runtime['limits'],
  model: { readonly name: string; readonly choice: Choice }
): void {
  const [bytes, limit, what] =
    need.largestTensor.bytes > limits.buffer
      ? [need.largestTensor.bytes, limits.buffer, `has one tensor, ${need.largestTensor.name.slice(0, 80)}, of`]
      : [need.resident, limits.total, 'needs about']
  if (bytes <= limit) return
  const small = model.choice.dtype === 'q4' || model.choice.dtype === 'q4f16'
  const way = small ? 'choose a smaller model, or WebGPU where there is a GPU' : 'choose q4, or a smaller model'
  throw new LabError(
    'memory',
    `${model.name} as ${model.choice.dtype} ${what} ${gigabytes(bytes)}, this device allows ${gigabytes(limit)}: ${way}`
  )
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
