/**
 * Control vectors: GGUF files that llama.cpp adds to the residual stream. `direction.<n>` is what is added after the
 * 0-based block n, at every position: our layer n. llama.cpp refuses a file with `direction.0`; repeng trains none.
 */
import { excerpt, LabError } from '../errors'
import { readGguf, writeGguf } from './gguf'
import { quoted } from './text'
import { tensorFloats } from './safetensors'

export interface ControlVector {
  /** Type or name of the model that it was made on. */
  readonly modelHint: string
  /** By 0-based layer: what strength 1 adds. All of one width. */
  readonly vectors: ReadonlyMap<number, Float32Array>
  /** What else the file says, text only. */
  readonly extra: ReadonlyMap<string, string>
}

const architecture = 'controlvector'

/** @throws LabError `format` for layer 0, which llama.cpp cannot take */
export function writeControlVector({ modelHint, vectors, extra }: ControlVector): Uint8Array<ArrayBuffer> {
  if (vectors.has(0)) {
    throw new LabError(
      'format',
      'a GGUF control vector cannot hold layer 0, llama.cpp refuses it: leave that layer out'
    )
  }
  const layers = [...vectors].sort(([a], [b]) => a - b)
  const metadata = new Map<string, string | number>([
    ['general.architecture', architecture],
    [`${architecture}.model_hint`, modelHint],
    [`${architecture}.layer_count`, layers.length],
    ...extra
  ])
  return writeGguf(metadata, new Map(layers.map(([layer, vector]) => [`direction.${layer}`, vector])))
}

/** Lengths are kept as they are in the file. @throws LabError `format` */
export function readControlVector(file: Uint8Array): ControlVector {
  const { metadata, tensors } = readGguf(file)
  const found = metadata.get('general.architecture')
  if (found !== architecture) {
    const what = quoted(String(found ?? 'nothing'))
    throw new LabError(
      'format',
      `a GGUF control vector was expected, got architecture ${what}: models open as ONNX only`
    )
  }
  const vectors = new Map<number, Float32Array>()
  for (const [name, tensor] of tensors) {
    const layer = /^direction\.(\d{1,6})$/.exec(name)?.[1]
    if (layer === undefined) {
      const text = `the tensor ${quoted(name)} of a control vector should be direction.<n>, n counted from the first block`
      throw new LabError('format', `${text}: llama.cpp refuses it, too; write it anew`)
    }
    if (tensor.shape.length !== 1 || vectors.has(Number(layer))) {
      throw new LabError('format', `${quoted(name)} should be one vector, got [${excerpt(tensor.shape.join(', '))}]`)
    }
    vectors.set(Number(layer), tensorFloats(name, tensor))
  }
  const widths = new Set([...vectors.values()].map((vector) => vector.length))
  if (widths.size !== 1 || widths.has(0)) {
    throw new LabError(
      'format',
      `vectors direction.<n> of one width were expected, got ${excerpt([...widths].join(', ') || 'none')}`
    )
  }
  const extra = [...metadata].filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  return { modelHint: String(metadata.get(`${architecture}.model_hint`) ?? ''), vectors, extra: new Map(extra) }
}
