/** A folder that a person chose or dropped: blobs that stay on the disk until they are read. */
import { LabError } from '../../src/errors'
import type { LocalFile } from '../../src/lab/api'
import type { ModelFiles } from '../host/host'
import { readBlob, sampleBlob } from './read-blob'
import { throttled } from './throttle'

/**
 * The model is where config.json is: whatever folders are around it are taken off.
 * @throws LabError `format` for an empty folder, one without a model, one with several
 */
export function localFiles(name: string, files: readonly LocalFile[], signal?: AbortSignal): ModelFiles {
  const root = modelFolder(name, files)
  const inside = files.filter(({ path }) => path.startsWith(root))
  return {
    ...filesAsGiven(
      name,
      inside.map(({ path, blob }) => ({ path: path.slice(root.length), blob })),
      signal
    ),
    name: root === '' ? name : (root.split('/').at(-2) ?? name)
  }
}

/** The files by the paths that they were given with. */
export function filesAsGiven(name: string, files: readonly LocalFile[], signal?: AbortSignal): ModelFiles {
  const blobs = new Map(files.map(({ path, blob }) => [path, blob]))
  const find = (path: string): Blob => {
    const blob = blobs.get(path)
    if (blob) return blob
    throw new LabError('format', `${name} has no ${path} among its ${blobs.size} files: choose the whole folder`)
  }
  return {
    id: `files:${name}`,
    name,
    list: async () => new Map([...blobs].map(([path, blob]) => [path, blob.size])),
    read: async (path, onProgress) => {
      const blob = find(path)
      const onDone = throttled(onProgress, { stage: 'read', unit: 'bytes', file: path })
      return readBlob(blob, path, (done) => onDone(done, blob.size), signal)
    },
    sample: async (path, stride, length) => sampleBlob(find(path), path, stride, length),
    folder: () => Promise.resolve(undefined)
  }
}

/** The path, with its slash, of the folder that holds the topmost config.json. */
function modelFolder(name: string, files: readonly LocalFile[]): string {
  if (files.length === 0) {
    throw new LabError('format', `${name} is empty: choose the folder that holds config.json and onnx/`)
  }
  const folders = files.flatMap(
    ({ path }) =>
      /^(.*\/)?config\.json$/
        .exec(path)
        ?.slice(1, 2)
        .map((root) => root ?? '') ?? []
  )
  const depth = (folder: string): number => folder.split('/').length
  const least = Math.min(...folders.map(depth))
  const [root, other] = folders.filter((folder) => depth(folder) === least)
  if (root === undefined) {
    const text = `${name} has no config.json among its ${files.length} files: choose the folder that holds config.json and onnx/`
    throw new LabError('format', text)
  }
  if (other !== undefined) {
    throw new LabError(
      'format',
      `${name} holds several models, ${root} and ${other} among them: choose one of these folders`
    )
  }
  return root
}
