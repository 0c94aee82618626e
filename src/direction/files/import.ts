/** Directions of any file for a model that is open: those of Azimuth, and vectors of other programs. */
import { LabError } from '../../errors'
import { refuseLfsPointer } from '../../formats/lfs'
import { readNpy } from '../../formats/npy'
import { isPickle } from '../../formats/arrays/pickle'
import { quoted } from '../../formats/text'
import { readTorchPickle, readTorchZip } from '../../formats/arrays/torch'
import { readZip } from '../../formats/zip'
import { adopt, rowsNote, type Adopter } from './adopt'
import { assertFits, type Direction } from '../direction'
import { plain, readDirections, type NamedFile, type ReadDirections } from './files'
import { vectorsOf } from './vectors'

/** The model that the directions are for: `ModelInfo` is one. */
export interface OpenModel extends Adopter {
  readonly name: string
  readonly family: string
}

export interface TakenDirections {
  /** In ascending order of layers. */
  readonly directions: readonly Direction[]
  /** What the file leaves open, in sentences to show. */
  readonly notes: readonly string[]
}

/** Vectors of every layer of the largest models take a few megabytes. */
const limits = { file: 256 * 2 ** 20, all: 512 * 2 ** 20 }

/**
 * Directions of a file, or an npy file and its JSON, that may be used in this model.
 * @param layer for a vector whose file names no layer
 * @throws LabError `format` for files that cannot be read, `shape` with both names for directions of another model;
 * `checksum` and `memory` for a damaged archive
 */
export async function takeDirections(
  files: readonly NamedFile[],
  model: OpenModel,
  layer: number | null
): Promise<TakenDirections> {
  const found = await readAnyDirections(files)
  const isPlain = found.kind === 'vectors'
  const taken = isPlain ? await adopt(found.vectors, model, layer) : found.directions
  for (const direction of taken) assertFits(direction, { model, width: model.width, layer: direction.layer })
  return {
    directions: taken.toSorted((a, b) => a.layer - b.layer),
    notes: isPlain ? [...rowsNote(found.vectors, model), ...plainNotes(found.modelHint, model)] : []
  }
}

/** As `readDirections`, and the archives and pickles of other programs beside: `.pt`, `.npz`, `.pkl`. */
export async function readAnyDirections(files: readonly NamedFile[]): Promise<ReadDirections> {
  const [file] = files
  if (!file || files.length > 1) return readDirections(files)
  const { name, bytes } = file
  refuseLfsPointer(bytes, name)
  if (isPickle(bytes)) return plain(name, vectorsOf(readTorchPickle(bytes, name), name))
  const isZip = [0x50, 0x4b, 3, 4].every((byte, i) => bytes[i] === byte)
  return isZip ? fromZip(name, bytes) : readDirections(files)
}

async function fromZip(name: string, bytes: Uint8Array): Promise<ReadDirections> {
  const { paths, files } = await readZip(bytes, () => limits.file, limits.all)
  if (paths.some((path) => /(^|\/)data\.pkl$/.test(path)))
    return plain(name, vectorsOf(readTorchZip(files, name), name))
  if (!paths.every((path) => path.endsWith('.npy'))) {
    const seen = paths.slice(0, 3).map(quoted).join(', ')
    throw new LabError(
      'format',
      `${name} is a zip of ${seen || 'nothing'}; one of arrays was expected: unpack it, and choose the file of vectors`
    )
  }
  const arrays = Array.from(files, ([path, file]) => {
    const { shape, data } = readNpy(file)
    return { path: [path.slice(0, -'.npy'.length)], shape, data: Float32Array.from(data) }
  })
  return plain(name, vectorsOf({ arrays, layer: null }, name))
}

function plainNotes(hint: string, { name, family }: OpenModel): readonly string[] {
  const notes = [
    'The file does not say which model its vectors were made on: width and layers fit, no more is known.',
    'Alpha 1 adds a vector at the length that the file gives it, and a held projection (clamp) counts from 0.'
  ]
  const isNamed = hint !== '' && hint !== family && hint !== name
  return isNamed ? [`The file names ${hint} as its model, the open one is ${name} (${family}).`, ...notes] : notes
}
