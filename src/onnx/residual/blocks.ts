/** Which sums of the residual stream belong to one block. */
import { LabError } from '../../errors'
import type { Graph } from '../graph'
import type { NodeProto } from '../proto'
import { Reach } from './trunk'

/** A sum of the residual stream that ends a block. */
export interface Sum {
  readonly node: NodeProto
  /** True for a fused norm, whose 4th output is the sum; false for a plain addition. */
  readonly fused: boolean
  /** Where the stream is written: the sum, in the shape `[B, S, width]`. Of a fused norm its 4th output, which may have no name. */
  readonly stream: string
  /** Where it is read by the next block; another tensor than `stream` where something limits its values in between. */
  readonly read: string
}

/** A sum on the trunk, with the branch that it adds. */
export interface Addition extends Sum {
  /** Nodes between the sum before and this one. */
  readonly branch: readonly NodeProto[]
}

/** The last sum of each block: as the names of the branches say, else a block begins where a branch reads the cache. */
export function splitBlocks(graph: Graph, sums: readonly Addition[], reach: Reach): Addition[] {
  const caches = cacheReaders(graph, sums, reach)
  const named = sums.map(({ branch }) => layerOf(graph, branch))
  const blocks = caches.filter(Boolean).length
  const inOrder = named.every((layer, i) => {
    const before = i === 0 ? 0 : named[i - 1]
    return layer !== undefined && before !== undefined && layer - before >= 0 && layer - before <= Math.min(i, 1)
  })
  // Names that know fewer blocks than there are caches are no names of blocks.
  if (inOrder && (named.at(-1) ?? 0) + 1 >= blocks) return lastOf(sums, (i) => named[i] !== named[i + 1])
  if (blocks > 0 && caches[0]) return lastOf(sums, (i) => caches[i + 1] ?? true)
  throw new LabError(
    'graph',
    `${sums.length} sums of a residual stream were found, and neither names nor the cache (${blocks} of them read it) say ` +
      `which of them end a block: this export needs its own rule in src/onnx/residual/blocks.ts`
  )
}

function lastOf(sums: readonly Addition[], isLast: (index: number) => boolean): Addition[] {
  return sums.filter((_, i) => i === sums.length - 1 || isLast(i))
}

/** For each sum, whether its branch reads keys, values or another state of the tokens before. */
function cacheReaders(graph: Graph, sums: readonly Addition[], main: Reach): boolean[] {
  const past = [...graph.input.keys()].filter((name) => name.startsWith('past'))
  const states = new Reach(graph, past, (node) => main.inputs(node).length > 0)
  return sums.map(({ branch }) => branch.some((node) => states.inputs(node).length > 0))
}

/** The block that most of a branch's nodes and weights are named after. */
function layerOf(graph: Graph, branch: readonly NodeProto[]): number | undefined {
  const votes = new Map<number, number>()
  const names = branch.flatMap((node) => [node.name, ...node.input.filter((name) => graph.initializer.has(name))])
  for (const name of names) {
    const layer = layerNamed(name)
    if (layer !== undefined) votes.set(layer, (votes.get(layer) ?? 0) + 1)
  }
  return [...votes].sort(([, a], [, b]) => b - a)[0]?.[0]
}

/** The number of the block that a name tells of, as `layers.3`, `h.3` and `blocks.3` do. */
export function layerNamed(name: string): number | undefined {
  const found = /(?:^|[./_])(?:layers?|h|blocks?)[./_](\d+)(?![\d])/.exec(name)
  return found ? Number(found[1]) : undefined
}
