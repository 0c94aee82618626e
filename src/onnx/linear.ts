/** Finds the linear layers of each block, under the module names that adapters use. */
import { LabError } from '../errors'
import { cacheShape } from './cache'
import type { Graph } from './graph'
import { activation, isProduct, productOutput, weightShape } from './product'
import type { NodeProto } from './proto'

export type Module = 'q_proj' | 'k_proj' | 'v_proj' | 'o_proj' | 'gate_proj' | 'up_proj' | 'down_proj'

export const modules: readonly Module[] = ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']

/** One matrix product `y = x W`, which may carry several modules side by side in its columns. */
export interface Linear {
  readonly layer: number
  /** Modules in column order with their widths; one, unless the graph fuses them. */
  readonly parts: readonly { readonly module: Module; readonly out: number }[]
  readonly in: number
  /** Tensor that goes in, before any quantization of activations. */
  readonly x: string
  /** Tensor that comes out, before a bias. */
  readonly y: string
}

/** Linear layers of a block that read the same tensor, whose adapters can share their products. */
export interface LinearGroup {
  readonly layer: number
  /** `qkv_proj` or `gate_up_proj` where it has those modules, else the module's own name. */
  readonly name: string
  readonly in: number
  readonly x: string
  /** In column order; each carries the same number of modules. */
  readonly products: readonly Linear[]
}

/** Groups that read one tensor, in the order of the linears. */
export function groupLinears(linears: readonly Linear[]): LinearGroup[] {
  const groups = new Map<string, Linear[]>()
  for (const linear of linears) {
    const key = `${linear.layer} ${linear.x} ${linear.parts.length}`
    groups.set(key, [...(groups.get(key) ?? []), linear])
  }
  return [...groups.values()].map((products) => {
    const [{ layer, x, in: width }] = products as [Linear, ...Linear[]]
    return { layer, x, in: width, name: groupName(products), products }
  })
}

/** `q_proj k_proj v_proj` becomes `qkv_proj`. */
function groupName(products: readonly Linear[]): string {
  const stems = products.flatMap(({ parts }) => parts.map(({ module }) => module.replace('_proj', '')))
  return `${stems.join(stems.every((stem) => stem.length === 1) ? '' : '_')}_proj`
}

const fused: Readonly<Record<string, readonly Module[]>> = {
  qkv_proj: ['q_proj', 'k_proj', 'v_proj'],
  gate_up_proj: ['gate_proj', 'up_proj']
}

const pattern = /layers?\.(\d+)\/.*?(q_proj|k_proj|v_proj|qkv_proj|o_proj|gate_proj|up_proj|gate_up_proj|down_proj)\/.*/

/** Names are searched so far: those of exporters are shorter, and the pattern's time grows with the square of the length. */
const longestName = 500

/** Every linear layer of every block. @throws LabError `graph` when a block lacks a module */
export function findLinears(graph: Graph, layers: number): Linear[] {
  const found: Linear[] = []
  for (const node of graph.proto.node) {
    const match = isProduct(node) ? pattern.exec(node.name.slice(0, longestName)) : null
    const [, layer, name] = match ?? []
    if (layer !== undefined && name !== undefined) found.push(linear(graph, node, Number(layer), name))
  }
  const have = new Set(found.flatMap(({ layer, parts }) => parts.map(({ module }) => `${layer} ${module}`)))
  for (let layer = 0; layer < layers; layer++) {
    const missing = modules.filter((module) => !have.has(`${layer} ${module}`))
    if (missing.length > 0) {
      throw new LabError(
        'graph',
        `block ${layer} has no linear layer named ${missing.join(', ')}, so an adapter cannot be attached: ` +
          `open the model without adapt, or add the names to src/onnx/linear.ts`
      )
    }
  }
  return found
}

function linear(graph: Graph, node: NodeProto, layer: number, name: string): Linear {
  const [rows, columns] = weightShape(graph, node)
  const parts = fused[name]
  const widths = parts ? splitColumns(graph, parts, columns) : [columns]
  const names = parts ?? modules.filter((m) => m === name)
  return {
    layer,
    parts: names.map((module, i) => ({ module, out: widths[i] ?? 0 })),
    in: rows,
    x: activation(graph, node),
    y: productOutput(graph, node)
  }
}

/** Columns of a fused product: halves for gate and up; for q, k and v the cache tells how wide k and v are. */
function splitColumns(graph: Graph, parts: readonly Module[], columns: number): number[] {
  if (parts.length === 2) return [columns / 2, columns / 2]
  const { heads, headSize } = cacheShape(graph)
  const kv = heads * headSize
  if (kv === 0 || columns <= 2 * kv) {
    throw new LabError(
      'graph',
      `a product of ${columns} columns fuses q, k and v, but the KV cache does not say how to split them`
    )
  }
  return [columns - 2 * kv, kv, kv]
}
