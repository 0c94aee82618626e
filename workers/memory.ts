/** How much memory an open model will need, before it is loaded. */
import { LabError } from '../src/errors'
import type { Memory } from '../src/lab/api'
import type { GraphInfo } from '../src/onnx/describe'
import { expandedSize, expandable } from '../src/onnx/expand'
import type { Graph } from '../src/onnx/graph'
import { externalRange } from '../src/onnx/proto'
import type { Choice } from './choose'
import type { ModelConfig } from './config'
import type { Runtime } from './host'

/** Tokens of cache that the estimate counts with. */
const estimateTokens = 1024

/** @param expanded the graph when its int4 weights are to be expanded, else null */
export function estimateMemory(
  info: GraphInfo,
  listing: ReadonlyMap<string, number>,
  choice: Choice,
  graphBytes: number,
  expanded: Graph | null,
  config: ModelConfig
): Memory {
  const folder = choice.graph.slice(0, choice.graph.lastIndexOf('/') + 1)
  const files = info.externalFiles.reduce((sum, file) => sum + (listing.get(folder + file) ?? 0), graphBytes)
  const embedding = choice.embedding
    ? (listing.get(choice.embedding) ?? 0) + (listing.get(`${choice.embedding}_data`) ?? 0)
    : 0
  const weights = files + embedding + (expanded ? expandedSize(expanded) - packedSize(expanded) : 0)
  const size = info.cache.type === 'float16' ? 2 : 4
  const head = info.cache.headSize || config.headSize || 0
  const cachePerToken = 2 * info.layers * info.cache.heads * head * size
  // One buffer of activations for the prompt: the widest tensors are the MLP's and the logits row.
  const activations = 4 * (estimateTokens * info.width * 8 + info.vocabulary)
  return { weights, cachePerToken, peak: weights + cachePerToken * estimateTokens + activations }
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
  memory: Memory,
  limits: Runtime['limits'],
  model: { readonly name: string; readonly choice: Choice; readonly expand: boolean }
): void {
  if (memory.peak <= limits.total) return
  const way = model.expand
    ? 'open it with its int4 weights kept (slower), on WebGPU, or choose a smaller model'
    : model.choice.dtype === 'q4' || model.choice.dtype === 'q4f16'
      ? 'choose a smaller model'
      : 'choose q4, or a smaller model'
  throw new LabError(
    'memory',
    `${model.name} as ${model.choice.dtype} needs about ${gigabytes(memory.peak)}, this device allows ${gigabytes(limits.total)}: ${way}`
  )
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`
