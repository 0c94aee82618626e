/** The files of a model that lies on a server: stored on first reading where that is possible, read from there afterwards. */
import { LabError } from '../../src/errors'
import type { Progress } from '../../src/lab/api'
import type { Subject } from './answer'
import { Blobs, type Content } from '../stored/blobs'
import { Checksum, SummedSink } from './checksum'
import { NotStorable, type Disk, type StoredFile } from '../stored/disk'
import { download, type OnBytes, type Target } from './fetch'
import type { ModelFiles } from '../host/host'
import { readBlob, sampleBlob } from './read-blob'
import { readRecords, saveRecord, type ModelRecord } from '../stored/records'
import type { Patience } from './limits'
import { MemorySink, type Sink } from '../stored/sink'
import { throttled } from './throttle'

/** What every request of one open model shares. */
export interface Visit {
  /** Undefined where nothing can be stored, or nothing is to be. */
  readonly disk: Disk | undefined
  readonly signal?: AbortSignal | undefined
  readonly patience?: Patience | undefined
  /** How a token is asked for, before "a token with access". Default `give`. */
  readonly askToken?: string | undefined
}

/** How files are asked for. */
export interface Route {
  readonly urlOf: (path: string) => string
  readonly headers: Readonly<Record<string, string>>
  readonly subject: (path: string) => Subject
}

type OnProgress = (progress: Progress) => void

/** A model's files, by what a server or the store has told of them. */
export function remoteFiles(record: Omit<ModelRecord, 'source'>, route: Route, visit: Visit): ModelFiles {
  const contents = new Map(record.files.map((file) => [file.path, file]))
  const find = (path: string): Content => {
    const content = contents.get(path)
    if (content) return content
    const text = `${record.name} has no ${path}, or it was not stored and the server cannot be reached: connect, or choose another model`
    throw new LabError('network', text)
  }
  return {
    id: record.id,
    name: record.name,
    list: async () => new Map(record.files.map(({ path, size }) => [path, size])),
    read: async (path, onProgress) => {
      const got = await obtain(find(path), route, visit, onProgress)
      if (got instanceof Uint8Array) return got
      const onDone = throttled(onProgress, { stage: 'read', unit: 'bytes', file: path })
      return readBlob(got, path, (done) => onDone(done, got.size), visit.signal)
    },
    sample: async (path, stride, length) => {
      const got = await obtain(find(path), route, visit, () => undefined)
      return sampleBlob(got instanceof Uint8Array ? new Blob([got]) : got, path, stride, length)
    },
    folder: async (paths, onProgress) => {
      const { disk } = visit
      if (!disk?.lay) return undefined
      for (const path of paths) {
        if ((await obtain(find(path), route, visit, onProgress)) instanceof Uint8Array) return undefined
      }
      return disk.lay(record.id, new Map(paths.map((path) => [path, find(path).key])))
    }
  }
}

/** Keeps a record of a model that was just listed, so that it opens without its server. */
export async function remember(record: ModelRecord, { disk }: Visit): Promise<ModelRecord> {
  if (!disk) return record
  const earlier = (await readRecords(disk)).find(({ id }) => id === record.id)
  const refs = [...new Set([...record.refs, ...(earlier?.refs ?? [])])]
  await saveRecord(disk, { ...record, refs })
  return record
}

/** The model as far as it is stored: its files that are whole. Undefined where none is. */
export async function recall(
  visit: Visit,
  matches: (record: ModelRecord) => boolean
): Promise<ModelRecord | undefined> {
  if (!visit.disk) return undefined
  const blobs = new Blobs(visit.disk)
  for (const record of await readRecords(visit.disk)) {
    if (!matches(record)) continue
    const whole = await Promise.all(record.files.map((file) => blobs.whole(file)))
    const files = record.files.flatMap((file, i) => {
      const size = whole[i]?.size
      return size === undefined ? [] : [{ ...file, size }]
    })
    if (files.length > 0) return { ...record, files }
  }
  return undefined
}

async function obtain(
  content: Content,
  route: Route,
  visit: Visit,
  onProgress: OnProgress
): Promise<StoredFile | Uint8Array<ArrayBuffer>> {
  const onBytes = throttled(onProgress, { stage: 'download', unit: 'bytes', file: content.path })
  if (visit.disk) {
    try {
      const fill = (sink: Sink): Promise<void> => download(target(content, route, visit, 'no-store'), sink, onBytes)
      return await new Blobs(visit.disk).fill(content, fill, visit.signal)
    } catch (error) {
      if (!(error instanceof NotStorable)) throw error
    }
  }
  return downloadToMemory(content, target(content, route, visit, 'default'), onBytes)
}

async function downloadToMemory(content: Content, wanted: Target, onBytes: OnBytes): Promise<Uint8Array<ArrayBuffer>> {
  const sink = new MemorySink(content.size)
  const checksum = await Checksum.of(content)
  await download(wanted, new SummedSink(sink, checksum), onBytes)
  checksum.finish()
  return sink.bytes()
}

function target(content: Content, route: Route, visit: Visit, cache: 'default' | 'no-store'): Target {
  return {
    url: route.urlOf(content.path),
    headers: route.headers,
    signal: visit.signal,
    patience: visit.patience,
    cache,
    size: content.size,
    checked: content.sha256 !== undefined || content.gitOid !== undefined,
    subject: route.subject(content.path),
    path: content.path
  }
}
