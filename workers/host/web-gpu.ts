/** ONNX Runtime on WebGPU: the device it is given, buffers that stay there, and what happens when the device is lost. */
import { excerpt, LabError } from '../../src/errors'
import { largestBinding } from '../../src/lab/device'
import type { Runtime, Tensor } from './host'
import { createWebSession } from './web-session'

type Ort = typeof import('onnxruntime-web/webgpu')

/** Features that ONNX Runtime makes use of. */
const wanted = ['shader-f16', 'subgroups', 'timestamp-query'] as const

/** Limits that it sizes its kernels and buffers by, taken as high as the adapter goes. */
const limits = [
  'maxBindGroups',
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage'
] as const

/**
 * @param subgroups whether the device may have the `subgroups` feature. Where subgroups are narrower than a kernel
 *   expects, ONNX Runtime's attention can be silently wrong with it: the self-test notices and opens again without.
 */
export async function gpuRuntime(ort: Ort, subgroups: boolean): Promise<Runtime> {
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) throw new LabError('device', 'WebGPU found no graphics adapter: open the model on wasm')
  const device = await requestDevice(adapter, subgroups)
  return {
    device: 'webgpu',
    deviceName: adapterName(adapter),
    Tensor: ort.Tensor,
    createSession: (graph, weights, options) =>
      createWebSession(ort.InferenceSession, { name: 'webgpu', device }, graph, weights, options),
    upload: (tensor) => upload(ort, device, tensor),
    take: (tensor, rows) => takeOnGpu(ort, device, tensor, rows),
    limits: { buffer: largestBinding(adapter.limits), total: Infinity },
    lost: rejectWhenLost(device),
    release: () => Promise.resolve(device.destroy())
  }
}

/** Vendor and architecture, as far as the browser says them: older ones have no `info`. */
function adapterName({ info }: { readonly info?: Partial<GPUAdapterInfo> }): string {
  return [info?.vendor, info?.architecture, info?.description].filter(Boolean).join(' ') || 'GPU'
}

async function requestDevice(adapter: GPUAdapter, subgroups: boolean): Promise<GPUDevice> {
  const requiredFeatures = wanted.filter((name) => adapter.features.has(name) && (subgroups || name !== 'subgroups'))
  const requiredLimits = Object.fromEntries(limits.map((name) => [name, adapter.limits[name]]))
  try {
    return await adapter.requestDevice({ requiredFeatures, requiredLimits })
  } catch (cause) {
    throw new LabError(
      'device',
      `the GPU refused to be opened (${excerpt(cause)}): close other pages that use it, or open the model on wasm`,
      { cause }
    )
  }
}

function rejectWhenLost(device: GPUDevice): Promise<never> {
  const lost = device.lost.then(({ reason, message }) => {
    // Destroyed by ourselves when the model was closed.
    if (reason === 'destroyed') return new Promise<never>(() => undefined)
    const why = message || 'no reason given'
    throw new LabError('device', `the GPU was lost (${excerpt(why)}): open the model again, or open it on wasm`)
  })
  // Between two runs nobody waits for it.
  lost.catch(() => undefined)
  return lost
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

/** Rows of a tensor, copied on the GPU. */
function takeOnGpu(ort: Ort, device: GPUDevice, tensor: Tensor, rows: readonly number[]): Promise<Tensor> {
  const { type, dims } = tensor
  if (type !== 'float32' && type !== 'float16') {
    throw new LabError('device', `a cache of type ${type} cannot be shared between rows`)
  }
  const [, ...rest] = dims
  const bytes = rest.reduce((product, size) => product * size, type === 'float16' ? 2 : 4)
  const buffer = device.createBuffer({ size: Math.ceil((bytes * rows.length) / 16) * 16, usage: bufferUsage })
  const encoder = device.createCommandEncoder()
  rows.forEach((row, i) => encoder.copyBufferToBuffer(tensor.gpuBuffer, row * bytes, buffer, i * bytes, bytes))
  device.queue.submit([encoder.finish()])
  const taken = ort.Tensor.fromGpuBuffer(buffer, {
    dataType: type,
    dims: [rows.length, ...rest],
    dispose: () => buffer.destroy()
  })
  return Promise.resolve(taken)
}
