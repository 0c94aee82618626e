/** Local adapters as sources, from pickers or from a drop. What they hold is judged where they are read. */
import type { AdapterSource } from '../../lab/api'
import { droppedFiles, pickedFolder } from './folder'

/** What `<input webkitdirectory>` gives. */
export function adapterFromPicker(files: readonly File[]): AdapterSource {
  return { kind: 'files', ...pickedFolder(files) }
}

/** A zip; or the adapter's own files, chosen together. */
export function adapterFromFile(files: readonly File[]): AdapterSource {
  const [first] = files
  if (first && files.length === 1 && isZip(first.name)) return { kind: 'zip', name: first.name, blob: first }
  return { kind: 'files', name: first?.name ?? '', files: files.map((file) => ({ path: file.name, blob: file })) }
}

/** What was dropped: a folder, a zip, or the adapter's own files. */
export async function adapterFromDrop(transfer: DataTransfer): Promise<AdapterSource> {
  const { name, files } = await droppedFiles(transfer)
  const [first] = files
  if (first && files.length === 1 && isZip(first.path)) return { kind: 'zip', name: first.path, blob: first.blob }
  return { kind: 'files', name, files }
}

const isZip = (name: string): boolean => /\.zip$/i.test(name)
