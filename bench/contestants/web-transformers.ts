/** transformers.js in the browser, on the runtime it chooses for the device. */
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers'
import mjs from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import binary from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import type { Decoder } from './decoder'
import { wasmThreads } from '../threads'
import { TransformersDecoder } from './transformers-decoder'
import type { Contestant } from './web-contestant'

export async function openTransformers({ model, dtype, device, cache }: Contestant): Promise<Decoder> {
  env.localModelPath = '/models/'
  env.allowLocalModels = true
  env.allowRemoteModels = false
  env.useBrowserCache = false
  // Its cache would load the runtime from a blob address, which the page's policy forbids.
  env.useWasmCache = false
  const { wasm } = env.backends.onnx
  if (wasm) Object.assign(wasm, { wasmPaths: { mjs, wasm: binary }, numThreads: wasmThreads() })
  return new TransformersDecoder(
    await AutoModelForCausalLM.from_pretrained(model, { dtype, device }),
    await AutoTokenizer.from_pretrained(model),
    cache
  )
}
