/** The largest numbers that the residual stream can hold: those of half precision, or of a Clip that an export put there. */
import { fromHalf, halfLimit } from '../math/half'
import type { Graph } from './graph'
import { DataType, type TensorProto } from './proto'
import { streamType, type Sum } from './residual/residual'

/** The least magnitude at which the stream ends after any block; undefined where nothing ends it, as in fp32 without a Clip. */
export function streamLimit(graph: Graph, sums: readonly Sum[]): number | undefined {
  const limits = sums.flatMap((sum) => [
    ...(streamType(graph, sum) === DataType.FLOAT16 ? [halfLimit] : []),
    ...clipsBehind(graph, sum)
  ])
  return limits.length > 0 ? Math.min(...limits) : undefined
}

/** Bounds of the Clips between where a sum is written and where it is read. */
function clipsBehind(graph: Graph, { stream, read }: Sum): number[] {
  const found: number[] = []
  for (let name = read; name !== stream;) {
    const node = graph.producer.get(name)
    if (!node) break
    if (node.opType === 'Clip') found.push(...node.input.slice(1, 3).flatMap((bound) => numberOf(graph, bound) ?? []))
    name = node.input[0] ?? ''
  }
  return found.map(Math.abs).filter((bound) => bound > 0 && Number.isFinite(bound))
}

function numberOf(graph: Graph, name: string): number | undefined {
  const tensor = name === '' ? undefined : graph.constantTensor(graph.source(name))
  return tensor && scalarOf(tensor)
}

function scalarOf({ dataType, rawData, floatData, int32Data }: TensorProto): number | undefined {
  const view = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength)
  const type: DataType = dataType
  if (type === DataType.FLOAT) return rawData.byteLength === 4 ? view.getFloat32(0, true) : floatData[0]
  if (type !== DataType.FLOAT16) return undefined
  const bits = rawData.byteLength === 2 ? view.getUint16(0, true) : int32Data[0]
  return bits === undefined ? undefined : fromHalf(Uint16Array.of(bits))[0]
}
