/** Directions of any file: those of Azimuth, and vectors of other programs. */
import { LabError } from '../../errors'
import { refuseLfsPointer } from '../../formats/lfs'
import { readNpy } from '../../formats/npy'
import { isPickle } from '../../formats/arrays/pickle'
import { quoted, shortName } from '../../formats/text'
import { readTorchPickle, readTorchZip } from '../../formats/arrays/torch'
import { readZip } from '../../formats/zip'
import { plain, readDirections, type NamedFile, type ReadDirections } from './files'
import { vectorsOf } from './vectors'

/** Vectors of every layer of the largest models take a few megabytes. */
const limits = { file: 256 * 2 ** 20, all: 512 * 2 ** 20 }

/** As `readDirections`, and the archives and pickles of other programs beside: `.pt`, `.npz`, `.pkl`. */
export async function readAnyDirections(files: readonly NamedFile[]): Promise<ReadDirections> {
  const [file] = files
  if (!file || files.length > 1) return readDirections(files)
  const { bytes } = file
  const name = shortName(file.name)
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
