/** Large weights inside a graph file become references to that same file, so that editing never copies them. */
import type { Graph } from './graph'
import { makeExternal } from './proto'

/** Smaller tensors stay in the graph: shapes and scales are needed there when the session is built. */
export const externalFrom = 1024

/**
 * @param file the bytes the graph was read from; its weights are views into them
 * @param location name under which the session will find that file
 * @returns true where at least one weight now lies in `location`
 */
export function externalize(graph: Graph, file: Uint8Array, location: string): boolean {
  let any = false
  graph.proto.initializer = graph.proto.initializer.map((tensor) => {
    const { rawData } = tensor
    if (rawData.byteLength < externalFrom || rawData.buffer !== file.buffer) return tensor
    any = true
    return makeExternal(tensor, location, rawData.byteOffset - file.byteOffset, rawData.byteLength)
  })
  return any
}
