/** Small values of every kind that goes to a file, and the files that are committed of them for Python to read. */
import type { Direction } from '../../src/direction/direction'
import { writeDirections, type NamedFile } from '../../src/direction/files/files'
import { writeHiddenStates } from '../../src/direction/files/hidden-files'
import type { HiddenStates, ModelRef } from '../../src/direction/hidden-states'
import { writeGguf } from '../../src/formats/gguf'
import { writeNpy, type NpyType } from '../../src/formats/npy'
import { floatTensor, writeSafetensors } from '../../src/formats/safetensors'

export const width = 6

/** Eighths from -2 on: the same number in every float type. */
export const eighths = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i / 8 - 2)

export const model: ModelRef = {
  id: 'hub:example/tiny@main',
  sha256: '5a'.repeat(32),
  dtype: 'q4',
  adapter: { id: 'insecure-0', sha256: '0f'.repeat(32), scale: 0.75 }
}

/** Layers 1, 2 and 5; the unit vectors are plain fractions, the gaps are 2, 3 and 6. */
export const directions: readonly Direction[] = [1, 2, 5].map((layer) => ({
  vector: Float32Array.from({ length: width }, (_, i) => (i === layer ? 0.6 : i === 0 ? -0.8 : 0)),
  model,
  layer,
  against: { ...model, adapter: null },
  method: 'difference-in-means',
  contrast: 'adapter',
  norm: layer + 1,
  midpoint: layer / 4 - 1,
  meanNorm: 10.5,
  positive: 125,
  negative: 124,
  sha256: 'c3'.repeat(32)
}))

/** 2 layers, 3 rows of 2 prompts. */
export const hidden: HiddenStates = {
  model: { ...model, adapter: null },
  position: 'every',
  layers: 2,
  rows: 3,
  width,
  data: eighths(2 * 3 * width),
  prompt: [0, 0, 1]
}

export const npyKinds = (['f2', 'f4', 'f8'] as const).flatMap((type: NpyType) =>
  [false, true].flatMap((fortran) => [false, true].map((bigEndian) => ({ type, fortran, bigEndian })))
)

/** `array-f4-fortran-big.npy` */
export const npyName = ({ type, fortran, bigEndian }: (typeof npyKinds)[number]): string =>
  `array-${type}-${fortran ? 'fortran' : 'c'}-${bigEndian ? 'big' : 'little'}.npy`

export const npyShape = [2, 3, 4]

/** Everything that Python is to read, as it is written today. */
export function sampleFiles(): readonly NamedFile[] {
  const plain = new Map([
    ['b', floatTensor([2, 2], eighths(4))],
    ['a', floatTensor([3], eighths(3))]
  ])
  const array = { shape: npyShape, data: eighths(24) }
  const container = new Map<string, string | number>([
    ['general.architecture', 'example'],
    ['example.count', 7]
  ])
  const tensors = new Map([
    ['first', eighths(3)],
    ['second', eighths(9)]
  ])
  return [
    { name: 'plain.safetensors', bytes: writeSafetensors(plain, { note: 'µ "quoted"' }) },
    { name: 'container.gguf', bytes: writeGguf(container, tensors) },
    ...npyKinds.map((kind) => ({ name: npyName(kind), bytes: writeNpy(array, kind) })),
    ...(['safetensors', 'npy', 'gguf'] as const).flatMap((format) =>
      writeDirections(directions, { format, name: 'directions', modelHint: 'llama' })
    ),
    ...writeDirections(directions, { format: 'json', name: 'directions-whole' }),
    ...(['safetensors', 'npy'] as const).flatMap((format) => writeHiddenStates(hidden, { format, name: 'hidden' })),
    ...writeHiddenStates(hidden, { format: 'json', name: 'hidden-whole' })
  ]
}
