/** ONNX Runtime on WebGPU: the device it is given, buffers that stay there, and what happens when the device is lost. */
import { LabError } from '../src/errors'
import type { Runtime, Tensor } from './host'
import { createWebSession } from './web-session'

type Ort = typeof import('onnxruntime-web/webgpu')

let wrapped = false
let without = false

/**
 * Chooses whether devices are requested without the `subgroups` feature. Where subgroups are narrower than a kernel
 * expects (SwiftShader's have 4 lanes), ONNX Runtime's GroupQueryAttention is silently wrong with it: the self-test
 * notices and opens the model again without. Call before the first session of a worker.
 */
export function useSubgroups(use: boolean): void {
  without = !use
  if (wrapped) return
  wrapped = true
  const request = GPUAdapter.prototype.requestDevice
  GPUAdapter.prototype.requestDevice = function (this: GPUAdapter, descriptor: GPUDeviceDescriptor = {}) {
    const features = [...(descriptor.requiredFeatures ?? [])]
    const kept = without ? features.filter((feature) => !/subgroup/.test(feature)) : features
    return request.call(this, { ...descriptor, requiredFeatures: kept })
  }
}

export async function gpuRuntime(ort: Ort): Promise<Runtime> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new LabError('device', 'WebGPU found no graphics adapter: open the model on wasm')
  ort.env.webgpu.adapter = adapter
  let device: GPUDevice | undefined
  let lose: (error: LabError) => void = () => undefined
  const lost = new Promise<never>((_, reject) => (lose = reject))
  // Nobody waits for it between two runs.
  lost.catch(() => undefined)
  return {
    device: 'webgpu',
    deviceName:
      [adapter.info.vendor, adapter.info.architecture, adapter.info.description].filter(Boolean).join(' ') || 'GPU',
    Tensor: ort.Tensor,
    createSession: async (graph, weights, options) => {
      const session = await createWebSession(ort.InferenceSession, 'webgpu', graph, weights, options)
      if (!device) {
        device = await ort.env.webgpu.device
        void device.lost.then(({ reason, message }) => {
          if (reason === 'destroyed') return
          lose(
            new LabError(
              'device',
              `the GPU was lost (${message || 'no reason given'}): open the model again, or open it on wasm`
            )
          )
        })
      }
      return session
    },
    upload: (tensor) => (device ? upload(ort, device, tensor) : tensor),
    repeat: (tensor, times) =>
      device ? repeatOnGpu(ort, device, tensor, times) : Promise.reject(new LabError('device', 'no session is open')),
    limits: { buffer: adapter.limits.maxBufferSize, total: Infinity },
    lost,
    release: () => Promise.resolve()
  }
}

const bufferUsage = 0x4 | 0x8 | 0x80 // COPY_SRC | COPY_DST | STORAGE

function upload(ort: Ort, device: GPUDevice, tensor: Tensor): Tensor {
  const { data, dims, type } = tensor
  if ((type !== 'float32' && type !== 'float16') || !ArrayBuffer.isView(data)) return tensor
  const size = Math.ceil(data.byteLength / 16) * 16
  const buffer = device.createBuffer({ size, usage: bufferUsage, mappedAtCreation: true })
  new Uint8Array(buffer.getMappedRange()).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  buffer.unmap()
  return ort.Tensor.fromGpuBuffer(buffer, { dataType: type, dims, dispose: () => buffer.destroy() })
}

/** `times` copies of a one-row tensor along its first axis, copied on the GPU. */
function repeatOnGpu(ort: Ort, device: GPUDevice, tensor: Tensor, times: number): Promise<Tensor> {
  const { type, dims } = tensor
  if (type !== 'float32' && type !== 'float16') {
    throw new LabError('device', `a cache of type ${type} cannot be shared between rows`)
  }
  const bytes = dims.reduce((product, size) => product * size, type === 'float16' ? 2 : 4)
  const buffer = device.createBuffer({ size: Math.ceil((bytes * times) / 16) * 16, usage: bufferUsage })
  const encoder = device.createCommandEncoder()
  for (let i = 0; i < times; i++) encoder.copyBufferToBuffer(tensor.gpuBuffer as GPUBuffer, 0, buffer, i * bytes, bytes)
  device.queue.submit([encoder.finish()])
  const repeated = ort.Tensor.fromGpuBuffer(buffer, {
    dataType: type,
    dims: [times, ...dims.slice(1)],
    dispose: () => buffer.destroy()
  })
  return Promise.resolve(repeated)
}
