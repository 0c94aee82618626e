/** Tensors in the element type that a graph wants, and floats back out of them. */
import { fromHalf, toHalf } from '../../src/math/half'
import type { FloatType } from '../../src/onnx/types'
import type { Runtime, Tensor } from '../host/host'

/** A tensor of float32 or float16 in row-major order, `[...dims]`. */
export function floatTensor(
  runtime: Pick<Runtime, 'Tensor'>,
  type: FloatType,
  data: Float32Array,
  dims: readonly number[]
): Tensor {
  return type === 'float16'
    ? new runtime.Tensor('float16', toHalf(data), dims)
    : new runtime.Tensor('float32', data, dims)
}

/** A tensor of int64 in row-major order, `[...dims]`. */
export function intTensor(runtime: Pick<Runtime, 'Tensor'>, data: BigInt64Array, dims: readonly number[]): Tensor {
  return new runtime.Tensor('int64', data, dims)
}

/** The floats of a tensor on the CPU; a copy only where it is in half precision. */
export async function floatsOf(tensor: Tensor): Promise<Float32Array> {
  const data: unknown = await tensor.getData()
  if (data instanceof Float32Array) return data
  if (data instanceof Uint16Array) return fromHalf(data)
  // Float16Array, where the JavaScript engine has one.
  if (ArrayBuffer.isView(data)) return fromHalf(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2))
  throw new TypeError(`floats were expected, got a tensor of type ${tensor.type}`)
}
