/** An adapter in a zip file: its two files, unpacked into memory. */
import { LabError } from '../../src/errors'
import { readZip } from '../../src/formats/zip'
import { configName, largest, weightsName } from '../adapters/adapter-files'
import type { ModelFiles } from '../host/host'
import { filesAsGiven } from './local-files'
import { baseName } from '../paths'

/** @throws LabError `format`, `checksum`, `memory` */
export async function zipFiles(name: string, blob: Blob, signal?: AbortSignal): Promise<ModelFiles> {
  if (blob.size > largest.weights) {
    throw new LabError(
      'memory',
      `${name} has ${blob.size} bytes, at most ${largest.weights} are read: zip the adapter alone`
    )
  }
  const { paths, files } = await readZip(blob, limitOf, Infinity, signal)
  const given = [...files].map(([path, bytes]) => ({ path, blob: new Blob([bytes]) }))
  // The others are named, so that what is missing can be told, but never read.
  const rest = paths.filter((path) => !files.has(path)).map((path) => ({ path, blob: new Blob() }))
  return { ...filesAsGiven(name.replace(/\.zip$/i, ''), [...given, ...rest], signal), id: `zip:${name}` }
}

function limitOf(path: string): number | undefined {
  const name = baseName(path)
  return name === configName ? largest.config : name === weightsName ? largest.weights : undefined
}
