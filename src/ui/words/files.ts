/** Small files of a picker or a drop, read whole. */
import type { NamedFile } from '../../direction/files/files'
import { LabError } from '../../errors'

/** Bytes of the largest file that is read: 100 layers of width 16,384 as JSON take a quarter of it. */
const largest = 128e6

/** @throws LabError `format` for a file that is much too large to hold directions, or cannot be read */
export async function readFiles(files: readonly File[]): Promise<readonly NamedFile[]> {
  for (const { name, size } of files) {
    if (size <= largest) continue
    throw new LabError('format', `${name} has ${Math.round(size / 1e6)} MB, directions take a few: choose another file`)
  }
  return Promise.all(
    files.map(async (file) => {
      try {
        return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) }
      } catch (cause) {
        throw new LabError('format', `${file.name} could not be read; is it a folder?`, { cause })
      }
    })
  )
}
