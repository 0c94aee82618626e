/** Local folders as model sources, from a picker or from a drop. */
import type { LocalFile, ModelSource } from '../../lab/api'
import { LabError } from '../../errors'

/** A folder's files, each with its path inside it. */
interface Folder {
  readonly name: string
  readonly files: readonly LocalFile[]
}

/** What `<input webkitdirectory>` gives, as a model. */
export function sourceFromPicker(files: Iterable<File>): ModelSource {
  return modelSource(pickedFolder(files))
}

/** What was dropped, as a model. */
export async function sourceFromDrop(transfer: DataTransfer): Promise<ModelSource> {
  return modelSource(await droppedFiles(transfer))
}

/** What `<input webkitdirectory>` gives: paths begin with the folder's own name. */
export function pickedFolder(files: Iterable<File>): Folder {
  const all = [...files]
  const name = all[0]?.webkitRelativePath.split('/')[0] ?? ''
  return {
    name,
    files: all.map((file) => ({ path: file.webkitRelativePath.split('/').slice(1).join('/'), blob: file }))
  }
}

/** What was dropped: one folder, or files that count as one. */
export async function droppedFiles(transfer: DataTransfer): Promise<Folder> {
  const entries = [...transfer.items].flatMap((item) => item.webkitGetAsEntry() ?? [])
  const [first] = entries
  // What no file system stands behind, such as an attachment dragged out of another page.
  if (!first) return ofFiles([...transfer.files])
  const inside = first?.isDirectory && entries.length === 1 ? await children(first) : entries
  return { name: first?.name ?? '', files: (await Promise.all(inside.map((entry) => filesBelow(entry, '')))).flat() }
}

function ofFiles(files: readonly File[]): Folder {
  return { name: files[0]?.name ?? '', files: files.map((file) => ({ path: file.name, blob: file })) }
}

function modelSource({ name, files }: Folder): ModelSource {
  if (files.some(({ path }) => path.endsWith('.onnx'))) return { kind: 'files', name, files }
  if (files.some(({ path }) => path === 'adapter_config.json')) {
    throw new LabError('format', `"${name}" is an adapter; open its base first, then attach it under Adapters`)
  }
  throw new LabError('format', `no .onnx file in "${name}"; choose the folder that holds config.json and onnx/`)
}

async function filesBelow(entry: FileSystemEntry, prefix: string): Promise<readonly LocalFile[]> {
  const path = prefix + entry.name
  if (isFile(entry)) return [{ path, blob: await new Promise<File>((resolve, reject) => entry.file(resolve, reject)) }]
  const below = await children(entry)
  return (await Promise.all(below.map((child) => filesBelow(child, `${path}/`)))).flat()
}

/** A reader gives at most 100 entries a call, and an empty list at the end. */
async function children(entry: FileSystemEntry): Promise<readonly FileSystemEntry[]> {
  if (!isDirectory(entry)) return []
  const reader = entry.createReader()
  const all: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) return all
    all.push(...some)
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
