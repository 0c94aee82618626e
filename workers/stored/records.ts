/** Which models are stored: one record each, with their files and where they come from. No token is ever in it. */
import { LabError } from '../../src/errors'
import type { ModelSource, StoredModel } from '../../src/lab/api'
import { isPlainPath } from '../../src/formats/path'
import { publicHub } from '../../src/lab/privacy/hosts'
import { openAddress } from '../../src/lab/privacy/secrets'
import { sha256 } from '../../src/math/sha256'
import { Blobs, isKey, keyOf, type Content } from './blobs'
import { isQuota, NotStorable, saveText, type Disk } from './disk'
import { openOpfs } from './disk-opfs'
import { asList, asObject, asSize, asText, isGitId, isSha256, parse, type Json } from '../sources/json'

/** A source that can be asked again, without the token. */
export type RemoteSource =
  | { readonly kind: 'hub'; readonly repo: string; readonly revision: string; readonly endpoint: string }
  | { readonly kind: 'url'; readonly url: string }

/** What is noted of a stored model. */
export interface ModelRecord {
  /** As in `ModelRef.id`. */
  readonly id: string
  readonly name: string
  /** For the hub, `revision` is the commit. */
  readonly source: RemoteSource
  /** Branches and tags that meant this commit when they were last asked for. */
  readonly refs: readonly string[]
  /** When it was last opened, ISO 8601. */
  readonly opened: string
  readonly files: readonly Content[]
}

const ending = '.model'

/** The stored models, last opened first. */
export async function listStored(disk?: Disk): Promise<readonly StoredModel[]> {
  const place = disk ?? (await openOpfs())
  if (!place) return []
  const models = await Promise.all((await readRecords(place)).map((record) => describe(new Blobs(place), record)))
  return models.filter(({ bytes }) => bytes > 0)
}

/**
 * Deletes a model, but not what another stored model shares with it; and contents that no record names any more.
 * @throws LabError `quota` while the model is being downloaded
 */
export async function deleteStored(id: string, disk?: Disk): Promise<void> {
  const place = disk ?? (await openOpfs())
  if (!place) return
  const records = await readRecords(place)
  const others = records.filter((record) => record.id !== id)
  const kept = new Set(others.flatMap(({ files }) => files.map(({ key }) => key)))
  const blobs = new Blobs(place)
  try {
    for (const name of await place.names()) {
      if (isKey(keyOf(name)) && !kept.has(keyOf(name))) await blobs.remove(keyOf(name))
    }
    for (const record of records) if (record.id === id) await place.remove(await recordName(record.source))
  } catch (cause) {
    const text = `${id} could not be deleted, it is being downloaded or read: close it in every tab, then delete it`
    throw new LabError('quota', text, { cause })
  }
}

/** The records on a disk, last opened first. One that cannot be read is left out. */
export async function readRecords(disk: Disk): Promise<readonly ModelRecord[]> {
  const names = (await disk.names()).filter((name) => name.endsWith(ending))
  const texts = await Promise.all(names.map(async (name) => (await (await disk.file(name))?.text()) ?? ''))
  const records: ModelRecord[] = []
  for (const text of texts) {
    const record = toRecord(asObject(parse(text)))
    if (!record) continue
    records.push(record)
    // A version before this one wrote the signature of an address down.
    const isOpen = record.source.kind !== 'url' || text.includes(JSON.stringify(record.source.url))
    if (!isOpen) await saveRecord(disk, record)
  }
  return records.sort((a, b) => b.opened.localeCompare(a.opened))
}

/** Writes a record down. Where nothing can be written, or no more, nothing is stored that would need one. */
export async function saveRecord(disk: Disk, record: ModelRecord): Promise<void> {
  const name = await recordName(record.source)
  try {
    await disk.alone(name, undefined, () => saveText(disk, name, JSON.stringify(record)))
  } catch (error) {
    const isFull = isQuota(error) || (error instanceof LabError && error.code === 'quota')
    if (!(error instanceof NotStorable) && !isFull) throw error
  }
}

/** SHA-256 of a text, hex: a name that fits any file system. */
export function hashText(text: string): Promise<string> {
  return sha256(new TextEncoder().encode(text))
}

async function recordName(source: RemoteSource): Promise<string> {
  const place = source.kind === 'url' ? openAddress(source.url) : `${source.endpoint}/${source.repo}@${source.revision}`
  return `${await hashText(place)}${ending}`
}

async function describe(blobs: Blobs, record: ModelRecord): Promise<StoredModel> {
  const { id, name, source, opened } = record
  const sizes = await Promise.all(record.files.map(({ key }) => blobs.size(key)))
  const whole = await Promise.all(record.files.map(async (file) => (await blobs.whole(file)) !== undefined))
  return {
    id,
    name,
    source: plain(source),
    opened,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    files: record.files.flatMap(({ path }, i) => (whole[i] ? [{ path, size: sizes[i] ?? 0 }] : [])),
    partial: record.files.some((_, i) => !whole[i] && (sizes[i] ?? 0) > 0),
    adapter: record.files.some(({ path }) => path === 'adapter_config.json')
  }
}

/** Without the public hub's address, which needs no mention. */
function plain(source: RemoteSource): ModelSource {
  if (source.kind !== 'hub' || source.endpoint !== publicHub) return source
  const { kind, repo, revision } = source
  return { kind, repo, revision }
}

function toRecord(json: Json | undefined): ModelRecord | undefined {
  const id = asText(json?.['id'])
  const source = toSource(asObject(json?.['source']))
  if (id === undefined || !source) return undefined
  return {
    id,
    name: asText(json?.['name']) ?? id,
    source,
    refs: asList(json?.['refs']).flatMap((ref) => asText(ref) ?? []),
    opened: asText(json?.['opened']) ?? '',
    files: asList(json?.['files']).flatMap((file) => toContent(asObject(file)) ?? [])
  }
}

/** Undefined for a place that we would not ask. */
function toSource(json: Json | undefined): RemoteSource | undefined {
  const [url, repo] = [asText(json?.['url']), asText(json?.['repo'])]
  const [revision, endpoint] = [asText(json?.['revision']), asText(json?.['endpoint'])]
  if (url !== undefined) return isAddress(url) ? { kind: 'url', url: openAddress(url) } : undefined
  if (repo === undefined || revision === undefined || endpoint === undefined) return undefined
  const isPlace = isPlainPath(repo) && isPlainPath(revision) && isAddress(endpoint)
  return isPlace ? { kind: 'hub', repo, revision, endpoint: openAddress(endpoint) } : undefined
}

const isAddress = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Undefined for a file that none of our listings would have made. */
function toContent(json: Json | undefined): Content | undefined {
  const [path, key, size] = [asText(json?.['path']), asText(json?.['key']), asSize(json?.['size'])]
  if (path === undefined || key === undefined || size === undefined || !isPlainPath(path) || !isKey(key))
    return undefined
  const [sha256, gitOid] = [asText(json?.['sha256']), asText(json?.['gitOid'])]
  if ((sha256 !== undefined && !isSha256(sha256)) || (gitOid !== undefined && !isGitId(gitOid))) return undefined
  return { path, key, size, sha256, gitOid, version: asText(json?.['version']) }
}
