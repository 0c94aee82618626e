/** The files of a small model, for servers of the tests. */

/** Bytes that repeat nowhere near, so that a wrong joint shows. */
export function noise(size: number): Uint8Array {
  let state = 12345
  return Uint8Array.from({ length: size }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0
    return state >>> 24
  })
}

export const weights = noise(300_000)
export const contents = {
  'config.json': '{"model_type":"llama"}',
  'generation_config.json': '{}',
  'tokenizer.json': '{"version":"1.0"}',
  'tokenizer_config.json': '{}',
  'onnx/model_q4.onnx': noise(5000),
  'onnx/model_q4.onnx_data': weights,
  'onnx/model_q4.onnx_data_1': noise(700),
  'a folder/ä #?.txt': 'odd name'
}
export const repo = 'owner/name'
export const graph = 'onnx/model_q4.onnx'
export const data = 'onnx/model_q4.onnx_data'
