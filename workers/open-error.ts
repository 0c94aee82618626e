/** What a runtime says when a session cannot be created, as an error that says what to do. */
import { excerpt, LabError } from '../src/errors'

/** What the runtime threw while a session was created, as a LabError with a way out. */
export function openError(cause: unknown): LabError {
  const text = cause instanceof Error ? cause.message : String(cause)
  if (/WebGPU adapter|RequestAdapterStatus|No supported adapters/i.test(text)) {
    return new LabError(
      'device',
      `WebGPU found no graphics adapter here (${excerpt(lastLine(text))}): install the driver of a GPU (on Linux with Vulkan), or open the model on the CPU`,
      { cause }
    )
  }
  if (/bad_alloc|out of memory|allocat|OOM/i.test(text)) {
    return new LabError(
      'memory',
      `memory ran out while the model was opened (${excerpt(text)}): close another model, or choose q4 or a smaller one`,
      { cause }
    )
  }
  if (/external data|external_data|external initializer|file_size|No such file|cannot open|mmap/i.test(text)) {
    return new LabError(
      'checksum',
      `the weights beside the graph are missing or cut short (${excerpt(text)}): fetch them again`,
      {
        cause
      }
    )
  }
  if (/not a registered function|No Op registered|not implemented|kernel/i.test(text)) {
    return new LabError(
      'onnx',
      `this runtime lacks an operator that the graph uses (${excerpt(text)}): try another device or dtype`,
      { cause }
    )
  }
  return new LabError('onnx', `the session could not be created: ${excerpt(text)}`, { cause })
}

/** Without the place in the runtime's own source, which stands before it. */
const lastLine = (text: string): string =>
  text
    .trim()
    .split('\n')
    .at(-1)
    ?.replace(/^.*was false\. */, '') ?? ''
