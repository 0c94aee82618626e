/** What the browser tells of this device before anything is opened. No host is asked. */
export interface DeviceSigns {
  /** Bytes of memory, rounded by the browser and cut off at what it is willing to tell; null where it tells nothing. */
  readonly memory: number | null
  /** Null without WebGPU, or where WebGPU is emulated in software, which the lab does not choose. */
  readonly gpu: { readonly half: boolean; readonly largestBuffer: number } | null
}

/** Asks the browser. A browser that refuses to say is one that tells nothing. */
export async function lookAtDevice(): Promise<DeviceSigns> {
  const memory = 'deviceMemory' in navigator ? navigator.deviceMemory : null
  return { memory: typeof memory === 'number' ? memory * 2 ** 30 : null, gpu: await lookAtGpu() }
}

async function lookAtGpu(): Promise<DeviceSigns['gpu']> {
  if (!('gpu' in navigator)) return null
  const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)
  if (!adapter || adapter.info.isFallbackAdapter) return null
  return { half: adapter.features.has('shader-f16'), largestBuffer: adapter.limits.maxBufferSize }
}
