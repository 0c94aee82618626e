/** Copies of parts of the KV cache, in CPU memory. */
import { LabError } from '../src/errors'
import type { Tensor, TensorConstructor } from './host'

/** `times` copies of a one-row tensor of floats. */
export async function repeatOnCpu(Tensor: TensorConstructor, tensor: Tensor, times: number): Promise<Tensor> {
  const one = await bytesOf(tensor)
  const all = new Uint8Array(one.length * times)
  for (let i = 0; i < times; i++) all.set(one, i * one.length)
  const dims = [times, ...tensor.dims.slice(1)]
  return make(Tensor, tensor, all, dims)
}

/** The first `length` slots of keys or values `[B, heads, slots, headSize]`. */
export async function cutOnCpu(Tensor: TensorConstructor, tensor: Tensor, length: number): Promise<Tensor> {
  const all = await bytesOf(tensor)
  const [B = 0, heads = 0, slots = 0, size = 0] = tensor.dims
  const slot = all.length / (B * heads * slots)
  const kept = new Uint8Array(B * heads * length * slot)
  for (let row = 0; row < B * heads; row++) {
    kept.set(all.subarray(row * slots * slot, (row * slots + length) * slot), row * length * slot)
  }
  return make(Tensor, tensor, kept, [B, heads, length, size])
}

async function bytesOf(tensor: Tensor): Promise<Uint8Array> {
  const data: unknown = await tensor.getData()
  if (ArrayBuffer.isView(data) && (tensor.type === 'float32' || tensor.type === 'float16')) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  }
  throw new LabError('device', `a cache of type ${tensor.type} cannot be reused`)
}

function make(
  Tensor: TensorConstructor,
  like: Tensor,
  bytes: Uint8Array<ArrayBuffer>,
  dims: readonly number[]
): Tensor {
  return like.type === 'float32'
    ? new Tensor('float32', new Float32Array(bytes.buffer), dims)
    : new Tensor('float16', new Uint16Array(bytes.buffer), dims)
}
