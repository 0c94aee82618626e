/** A session of ONNX Runtime in the page, on either of its builds. */
import type { Session, SessionOptions, Weights } from './host'
import { openError } from '../open-error'

type Create = typeof import('onnxruntime-web/webgpu').InferenceSession

/** A GPU device of ours, or the CPU. */
type Provider = 'wasm' | { readonly name: 'webgpu'; readonly device: GPUDevice }

/** A session of onnxruntime-web. @throws LabError `device`, `memory`, `checksum`, `onnx`; see `openError` */
export async function createWebSession(
  runtime: Create,
  provider: Provider,
  graph: Uint8Array,
  weights: readonly Weights[],
  options: SessionOptions
): Promise<Session> {
  const onDevice = Object.fromEntries(options.keepOnDevice.map((name) => [name, 'gpu-buffer' as const]))
  try {
    return await runtime.create(graph, {
      executionProviders: [provider],
      logSeverityLevel: 3,
      externalData: weights.map(({ path, data }) => ({ path, data })),
      ...(provider !== 'wasm' && { preferredOutputLocation: onDevice })
    })
  } catch (cause) {
    throw openError(cause)
  }
}
