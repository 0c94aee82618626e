/** Where the page's models come from: one function for all kinds of sources. */
import { LabError } from '../../src/errors'
import type { AdapterSource, ModelSource, Progress } from '../../src/lab/api'
import { appBase } from './app-base'
import { bundledFiles, bundledName } from './bundled'
import type { Disk } from '../stored/disk'
import { openOpfs } from '../stored/disk-opfs'
import { adapterLayout, folderUrlFiles, listedFiles } from './folder-url'
import type { ModelFiles } from '../host/host'
import { hubFiles } from './hub'
import { filesAsGiven, localFiles } from './local-files'
import type { Patience } from './limits'
import { encodePath } from './request'
import { zipFiles } from './zip-files'

/** How files of a model are found and fetched. */
export interface SourceOptions {
  /** Address of the page's folder, with its slash. Default: the folder above the worker's. */
  readonly appBase?: string
  /** Cancels what is under way: listing, downloads, reads. A download goes on from there the next time. */
  readonly signal?: AbortSignal
  /** Where models are stored; null stores nothing. Default: the browser's private file system, where it has one. */
  readonly disk?: Disk | null
  readonly patience?: Patience
  /** See `Visit`. */
  readonly askToken?: string
}

/**
 * The files of a model, listed but not yet read. Contacts only the host that the source names, and where it redirects.
 * @throws LabError `network`, `format`; AbortError. Reading also: `checksum`, `quota`, `memory`
 */
export async function webFiles(
  source: ModelSource,
  onProgress: (progress: Progress) => void,
  options: SourceOptions = {}
): Promise<ModelFiles> {
  onProgress({ stage: 'list', done: 0, total: 1, unit: 'steps' })
  const files = await open(source, options)
  onProgress({ stage: 'list', done: 1, total: 1, unit: 'steps' })
  return files
}

/**
 * The same for an adapter: a zip is unpacked at once, everything else is read when it is asked for.
 * @throws what `webFiles` throws; for a zip `format`, `checksum`, `memory`
 */
export async function adapterFiles(
  source: AdapterSource,
  onProgress: (progress: Progress) => void,
  options: SourceOptions = {}
): Promise<ModelFiles> {
  const { signal, patience } = options
  switch (source.kind) {
    case 'bundled': {
      const visit = { signal, patience, disk: undefined }
      const url = new URL(`${encodePath(bundledName(source.name))}/`, options.appBase ?? appBase()).href
      return listedFiles(`bundled:${source.name}`, url, await adapterLayout.probe(url, visit), visit, adapterLayout)
    }
    case 'url': {
      const disk = options.disk === undefined ? await openOpfs() : (options.disk ?? undefined)
      return folderUrlFiles(source.url, { signal, patience, disk }, adapterLayout)
    }
    case 'files':
      return filesAsGiven(source.name, source.files, signal)
    case 'zip':
      return zipFiles(source.name, source.blob, signal)
    default:
      return webFiles(source, onProgress, options)
  }
}

async function open(source: ModelSource, options: SourceOptions): Promise<ModelFiles> {
  const { signal, patience, askToken } = options
  const visit = { signal, patience, askToken, disk: undefined }
  const disk = async (): Promise<Disk | undefined> =>
    options.disk === undefined ? openOpfs() : (options.disk ?? undefined)
  switch (source.kind) {
    case 'bundled':
      return bundledFiles(source.name, options.appBase ?? appBase(), visit)
    case 'hub':
      return hubFiles(source, { ...visit, disk: await disk() })
    case 'url':
      return folderUrlFiles(source.url, { ...visit, disk: await disk() })
    case 'files':
      return localFiles(source.name, source.files, signal)
    case 'folder':
      throw new LabError(
        'format',
        `a folder by its path (${source.path}) opens in Node only: choose it with the folder picker, or drop it on the page`
      )
  }
}
