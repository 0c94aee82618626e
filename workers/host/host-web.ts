/** The engine's host in the page: ONNX Runtime's WebGPU build, or its plain WASM build, each loaded when it is asked for. */
import { hasThreads, isSoftware } from '../../src/lab/device'
import type { DeviceOffer, Host, Runtime } from './host'
import { gpuRuntime } from './web-gpu'
import { takeOnCpu } from '../run/copies'
import { adapterFiles, webFiles } from '../sources/sources'
import { createWebSession } from './web-session'

/** WebAssembly memory ends at 4 GiB; the runtime itself and its arenas take a part of it. */
const wasmTotal = 3.5 * 2 ** 30

/** The host in a page: onnxruntime-web, the browser's storage. */
export const webHost: Host = {
  offers,
  openRuntime: (device, { withoutSubgroups, threads }) =>
    device === 'webgpu' ? openGpu(withoutSubgroups) : openWasm(threads),
  files: webFiles,
  adapterFiles: (source, onProgress, signal) => adapterFiles(source, onProgress, signal ? { signal } : {}),
  breathe
}

const pulse = new MessageChannel()

/** Only a task lets messages in. A timer would be one, too, but browsers hold nested timers back for 4 ms. */
function breathe(): Promise<void> {
  return new Promise((resolve) => {
    pulse.port1.onmessage = () => resolve()
    pulse.port2.postMessage(null)
  })
}

async function offers(): Promise<DeviceOffer[]> {
  const wasm = (reason: string): DeviceOffer => ({ device: 'wasm', half: false, reason })
  if (!('gpu' in navigator)) return [wasm('WASM, since this browser has no WebGPU')]
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter) return [wasm('WASM, since WebGPU found no graphics adapter')]
  const half = adapter.features.has('shader-f16')
  const gpu: DeviceOffer = {
    device: 'webgpu',
    half,
    reason: `WebGPU ${half ? 'with' : 'without'} half precision (shader-f16)`
  }
  const cpu = wasm('WASM as asked')
  // A software adapter is slower than WASM.
  return isSoftware(adapter) ? [wasm('WASM, since WebGPU runs in software here'), gpu] : [gpu, cpu]
}

async function openGpu(withoutSubgroups: boolean): Promise<Runtime> {
  const [ort, mjs, wasm] = await Promise.all([
    import('onnxruntime-web/webgpu'),
    import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'),
    import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url')
  ])
  ort.env.wasm.wasmPaths = { mjs: mjs.default, wasm: wasm.default }
  ort.env.logLevel = 'error'
  return gpuRuntime(ort, !withoutSubgroups)
}

async function openWasm(wanted: number | undefined): Promise<Runtime> {
  const [ort, mjs, wasm] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.mjs?url'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url')
  ])
  const threads = hasThreads() ? (wanted ?? Math.min(8, navigator.hardwareConcurrency)) : 1
  ort.env.wasm.wasmPaths = { mjs: mjs.default, wasm: wasm.default }
  ort.env.wasm.numThreads = threads
  ort.env.logLevel = 'error'
  return {
    device: 'wasm',
    deviceName: threads === 1 ? '1 thread' : `${threads} threads`,
    Tensor: ort.Tensor,
    createSession: (graph, weights, options) => createWebSession(ort.InferenceSession, 'wasm', graph, weights, options),
    upload: (tensor) => tensor,
    take: (tensor, rows) => takeOnCpu(ort.Tensor, tensor, rows),
    limits: { buffer: wasmTotal, total: wasmTotal },
    lost: new Promise<never>(() => undefined),
    release: () => Promise.resolve()
  }
}
