/** What the browser tells of this device before anything is opened. No host is asked. */
export interface DeviceSigns {
  /** Bytes of memory, rounded by the browser and cut off at what it is willing to tell; null where it tells nothing. */
  readonly memory: number | null
  /** Null without WebGPU, or where WebGPU is emulated in software, which the lab does not choose. */
  readonly gpu: { readonly half: boolean; readonly largestBuffer: number } | null
}

/** Whether WebAssembly can have threads where this is called: some isolated pages have workers without shared memory. */
export function hasThreads(): boolean {
  return crossOriginIsolated && 'SharedArrayBuffer' in globalThis
}

/** Asks the browser. A browser that refuses to say is one that tells nothing. */
export async function lookAtDevice(): Promise<DeviceSigns> {
  const memory = 'deviceMemory' in navigator ? navigator.deviceMemory : null
  return { memory: typeof memory === 'number' ? memory * 2 ** 30 : null, gpu: await lookAtGpu() }
}

/** Whether an adapter is emulated in software; browsers that do not say are believed to have a GPU. */
export function isSoftware({ info }: { readonly info?: Partial<GPUAdapterInfo> }): boolean {
  return info?.isFallbackAdapter === true
}

/** Bytes that a kernel can be given as one tensor: many drivers hold larger buffers than they bind. */
export function largestBinding(limits: {
  readonly maxBufferSize: number
  readonly maxStorageBufferBindingSize: number
}): number {
  return Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize)
}

async function lookAtGpu(): Promise<DeviceSigns['gpu']> {
  if (!('gpu' in navigator)) return null
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
  if (!adapter || isSoftware(adapter)) return null
  return { half: adapter.features.has('shader-f16'), largestBuffer: largestBinding(adapter.limits) }
}
