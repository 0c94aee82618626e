/** The least that decodes with onnxruntime-web's plain WASM build, as in raw-decoder.ts. */
import * as ort from 'onnxruntime-web/wasm'
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { Decoder } from './decoder'
import { RawDecoder } from './raw-decoder'
import { wasmThreads } from '../threads'
import type { Contestant } from './web-contestant'

export async function openUntouched({ model, graph = '', cache }: Contestant): Promise<Decoder> {
  ort.env.wasm.wasmPaths = { mjs, wasm }
  ort.env.wasm.numThreads = wasmThreads()
  const folder = new URL(`/models/${model}/onnx/`, self.location.origin)
  const read = async (name: string): Promise<Uint8Array> => {
    const response = await fetch(new URL(name, folder))
    if (!response.ok) throw new Error(`${name}: ${response.status}`)
    return new Uint8Array(await response.arrayBuffer())
  }
  const data = `${graph}_data`
  const session = await ort.InferenceSession.create(await read(graph), {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
    externalData: [{ path: data, data: await read(data) }]
  })
  return new RawDecoder(ort.Tensor, session, cache)
}
