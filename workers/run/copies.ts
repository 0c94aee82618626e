/** Copies of parts of the KV cache. */
import { LabError } from '../../src/errors'
import type { Runtime, Tensor, TensorConstructor } from '../host/host'
import type { Cache } from '../session'

/** The cache of some rows, in the order that is asked for; a row may be asked for more than once. The old one stays. */
export async function takeRows(runtime: Pick<Runtime, 'take'>, cache: Cache, rows: readonly number[]): Promise<Cache> {
  const tensors = await Promise.all(
    Object.entries(cache.tensors).map(async ([name, tensor]) => [name, await runtime.take(tensor, rows)] as const)
  )
  return {
    tensors: Object.fromEntries(tensors),
    lengths: rows.map((row) => cache.lengths[row] ?? 0),
    slots: rows.map((row) => cache.slots[row] ?? [])
  }
}

/** Rows of a tensor of floats, along its first axis. */
export async function takeOnCpu(Tensor: TensorConstructor, tensor: Tensor, rows: readonly number[]): Promise<Tensor> {
  const all = await bytesOf(tensor)
  const [B = 1, ...rest] = tensor.dims
  const size = all.length / B
  const taken = new Uint8Array(size * rows.length)
  rows.forEach((row, i) => taken.set(all.subarray(row * size, (row + 1) * size), i * size))
  return make(Tensor, tensor, taken, [rows.length, ...rest])
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
