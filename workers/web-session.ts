/** A session of ONNX Runtime in the page, on either of its builds. */
import type { Device } from '../src/lab/api'
import type { Session, SessionOptions, Weights } from './host'
import { openError } from './open-error'

type Create = typeof import('onnxruntime-web/webgpu').InferenceSession

export async function createWebSession(
  runtime: Create,
  device: Device,
  graph: Uint8Array,
  weights: readonly Weights[],
  options: SessionOptions
): Promise<Session> {
  const onDevice = Object.fromEntries(options.keepOnDevice.map((name) => [name, 'gpu-buffer' as const]))
  try {
    return await runtime.create(graph, {
      executionProviders: [device],
      logSeverityLevel: 3,
      externalData: weights.map(({ path, data }) => ({ path, data })),
      ...(device === 'webgpu' && { preferredOutputLocation: onDevice })
    })
  } catch (cause) {
    throw openError(cause)
  }
}
