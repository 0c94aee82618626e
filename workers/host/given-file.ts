/** Files that a command is given: read whole, and within a size, so that a device, a pipe or a disk's image ends in an error. */
import { readFile, stat } from 'node:fs/promises'
import { excerpt, LabError } from '../../src/errors'

/** The most bytes of each kind of file. */
export const mostGiven = { run: 1536 * 2 ** 20, text: 64 * 2 ** 20, vectors: 256 * 2 ** 20 } as const

/**
 * The bytes of a file.
 * @param most the most bytes that it may have
 * @param what what was expected, for messages: `a bundle of a run`
 * @throws LabError `format` where there is no such file, `memory` where it is larger
 */
export async function readGiven(path: string, most: number, what: string): Promise<Uint8Array<ArrayBuffer>> {
  const refused = (cause: unknown): never => {
    // Node's own words end with the path.
    const reason = excerpt(String(cause).split(',')[0])
    throw new LabError('format', `${excerpt(path)} could not be read (${reason}): give ${what}`, { cause })
  }
  const info = await stat(path).catch(refused)
  if (!info.isFile()) throw new LabError('format', `${excerpt(path)} is no file: give ${what}`)
  if (info.size > most) {
    const sizes = `${excerpt(path)} has ${info.size} bytes, ${most} can be read`
    throw new LabError('memory', `${sizes}: give ${what}, as it was written`)
  }
  const bytes = await readFile(path).catch(refused)
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}
