/** Finds the linear layers of each block, under the names that the model's own code and so adapters give them. */
import { LabError } from '../errors'
import { cacheShape } from './cache'
import type { Graph } from './graph'
import { activation, isProduct, productOutput, weightName, weightRank, weightShape } from './product'
import type { NodeProto } from './proto'

/** One matrix product `y = x W`, which may carry several modules side by side in its columns. */
export interface Linear {
  readonly layer: number
  /**
   * Modules in column order with their widths; one, unless the graph fuses them. A module's name is the end of its path
   * in the block, as long as it takes to be the only one: `q_proj`, or `mlp.c_proj` beside `attn.c_proj`.
   */
  readonly parts: readonly { readonly module: string; readonly out: number }[]
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

const fused: Readonly<Record<string, readonly string[]>> = {
  qkv_proj: ['q_proj', 'k_proj', 'v_proj'],
  gate_up_proj: ['gate_proj', 'up_proj']
}

interface Found {
  readonly node: NodeProto
  readonly layer: number
  /** Names from the block inwards, `['self_attn', 'q_proj']`. */
  readonly path: readonly string[]
}

/** Names are searched so far: those of exporters are shorter. */
const longestName = 500

/** Every linear layer of every block. @throws LabError `graph` when a block has none that is named */
export function findLinears(graph: Graph, layers: number): Linear[] {
  const found = graph.proto.node.flatMap((node) => place(graph, node) ?? [])
  const bare = Array.from({ length: layers }, (_, layer) => layer).find(
    (layer) => !found.some((each) => each.layer === layer)
  )
  if (bare !== undefined) {
    throw new LabError(
      'graph',
      `block ${bare} has no linear layer that is named, so an adapter cannot be attached: open the model without adapt, ` +
        `or add the names to src/onnx/linear.ts`
    )
  }
  return shortNames(found).map(({ node, layer, name }) => linear(graph, node, layer, name))
}

/** Where a product lies in the model's own code: by its own name, its weight's, or the scopes that torch.onnx notes. */
function place(graph: Graph, node: NodeProto): Found | null {
  if (!isProduct(node)) return null
  const weight = graph.source(node.input[1] ?? '')
  if (!graph.isConstant(weight) || weightRank(graph, node) !== 2) return null
  const names = [
    node.name.split('/').slice(0, -1).join('.'),
    weightName(graph, weight).replace(/\.weight\w*$/, ''),
    ...scopes(node)
  ]
  for (const name of names) {
    const found = split(name)
    if (found) return { node, ...found }
  }
  return null
}

/** The modules that a node was traced in, innermost first. */
function scopes(node: NodeProto): string[] {
  const noted = node.metadataProps.find(({ key }) => key === 'pkg.torch.onnx.name_scopes')?.value ?? ''
  return [...noted.matchAll(/'([^']*)'/g)].map(([, name = '']) => name).reverse()
}

function split(name: string): Pick<Found, 'layer' | 'path'> | null {
  const [, layer, inside] = /(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.(.+)$/.exec(name.slice(0, longestName)) ?? []
  return layer === undefined || inside === undefined ? null : { layer: Number(layer), path: inside.split('.') }
}

/** Each with the shortest end of its path that no other of its block has. */
function shortNames(found: readonly Found[]): { node: NodeProto; layer: number; name: string }[] {
  const counts = new Map<string, number>()
  const ends = ({ layer, path }: Found): string[] =>
    path.map((_, i) => `${layer} ${path.slice(path.length - 1 - i).join('.')}`)
  for (const each of found) for (const end of ends(each)) counts.set(end, (counts.get(end) ?? 0) + 1)
  const twice = new Map<string, number>()
  return found.map((each) => {
    const all = ends(each)
    const name = all.find((end) => counts.get(end) === 1) ?? all.at(-1) ?? ''
    const number = twice.get(name) ?? 0
    twice.set(name, number + 1)
    const short = name.slice(name.indexOf(' ') + 1)
    // The same weight used twice, or names that do not tell products apart.
    return { node: each.node, layer: each.layer, name: number === 0 ? short : `${short}.${number}` }
  })
}

function linear(graph: Graph, node: NodeProto, layer: number, name: string): Linear {
  const [rows, columns] = weightShape(graph, node)
  const parts = fused[name]
  const widths = parts ? splitColumns(graph, parts, columns) : [columns]
  const names = parts ?? [name]
  return {
    layer,
    parts: names.map((module, i) => ({ module, out: widths[i] ?? 0 })),
    in: rows,
    x: activation(graph, node),
    y: productOutput(graph, node)
  }
}

/** Columns of a fused product: halves for gate and up; for q, k and v the cache tells how wide k and v are. */
function splitColumns(graph: Graph, parts: readonly string[], columns: number): number[] {
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
