/** Git LFS pointers: the few lines that a clone without LFS leaves where a large file should be. */
import { LabError } from '../errors'

const start = new TextEncoder().encode('version https://git-lfs.github.com/spec/')

/** @throws LabError `format` that names the file, where it is a pointer and not the file itself */
export function refuseLfsPointer(file: Uint8Array, name: string): void {
  if (!start.every((byte, i) => file[i] === byte)) return
  throw new LabError(
    'format',
    `${name} is a Git LFS pointer, not the file itself: run git lfs pull, or download the file from its page`
  )
}
