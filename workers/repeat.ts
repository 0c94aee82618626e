/** Copies of a tensor along its first axis, in CPU memory. */
import { LabError } from '../src/errors'
import type { Tensor, TensorConstructor } from './host'

/** `times` copies of a one-row tensor of floats. */
export async function repeatOnCpu(Tensor: TensorConstructor, tensor: Tensor, times: number): Promise<Tensor> {
  const data: unknown = await tensor.getData()
  if (!ArrayBuffer.isView(data) || (tensor.type !== 'float32' && tensor.type !== 'float16')) {
    throw new LabError('device', `a cache of type ${tensor.type} cannot be shared between rows`)
  }
  const one = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
  const all = new Uint8Array(one.length * times)
  for (let i = 0; i < times; i++) all.set(one, i * one.length)
  const dims = [times, ...tensor.dims.slice(1)]
  return tensor.type === 'float32'
    ? new Tensor('float32', new Float32Array(all.buffer), dims)
    : new Tensor('float16', new Uint16Array(all.buffer), dims)
}
