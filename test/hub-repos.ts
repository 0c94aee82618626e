/** What the test hub serves: repositories in memory or in folders. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, relative, resolve, sep } from 'node:path'
import { Readable } from 'node:stream'

export interface HubFile {
  readonly path: string
  readonly size: number
  /** Large files are redirected and listed with a SHA-256, small ones with Git's id. */
  readonly lfs: boolean
  stream(from: number, to: number): Readable
}

export interface HubRepo {
  /** Commit that `main` means. */
  readonly commit: string
  readonly files: ReadonlyMap<string, HubFile>
}

const isLarge = (path: string, size: number): boolean => /\.onnx([._]data(_\d+)?)?$/.test(path) || size > 10_000_000

/** A repository of given contents; its commit is made of them. */
export function repoOf(contents: Readonly<Record<string, Uint8Array | string>>): HubRepo {
  const commit = createHash('sha1')
  const files = Object.entries(contents).map(([path, content]) => {
    const bytes = Buffer.from(content)
    commit.update(path).update(bytes)
    const stream = (from: number, to: number): Readable => Readable.from(cut(bytes.subarray(from, to)))
    return [path, { path, size: bytes.length, lfs: isLarge(path, bytes.length), stream }] as const
  })
  return { commit: commit.digest('hex'), files: new Map(files) }
}

/** A folder as a repository; its commit is made of names, sizes and dates. */
export async function repoOfFolder(folder: string): Promise<HubRepo> {
  const commit = createHash('sha1')
  const files = new Map<string, HubFile>()
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    const full = join(entry.parentPath, entry.name)
    const stats = await stat(full)
    if (!stats.isFile()) continue
    const path = relative(folder, full).split(sep).join('/')
    commit.update(`${path} ${stats.size} ${stats.mtimeMs}\n`)
    const stream = (from: number, to: number): Readable =>
      to > from ? createReadStream(full, { start: from, end: to - 1 }) : Readable.from([])
    files.set(path, { path, size: stats.size, lfs: isLarge(path, stats.size), stream })
  }
  return { commit: commit.digest('hex'), files }
}

/** A folder with config.json is `local/<its name>`; else each folder two levels down is `owner/name`. */
export async function reposIn(root: string): Promise<Record<string, HubRepo>> {
  const folders = async (at: string): Promise<string[]> =>
    (await readdir(at, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const isModel = async (at: string): Promise<boolean> =>
    (await stat(join(at, 'config.json')).catch(() => null)) !== null
  const full = resolve(root)
  if (await isModel(full)) return { [`local/${basename(full)}`]: await repoOfFolder(full) }
  const repos: Record<string, HubRepo> = {}
  for (const owner of await folders(full)) {
    if (await isModel(join(full, owner))) repos[`local/${owner}`] = await repoOfFolder(join(full, owner))
    else
      for (const name of await folders(join(full, owner)))
        repos[`${owner}/${name}`] = await repoOfFolder(join(full, owner, name))
  }
  return repos
}

const sums = new WeakMap<HubFile, Promise<{ readonly sha256: string; readonly git: string }>>()

/** Both names of a file's content; summed up once. */
export function sumsOf(file: HubFile): Promise<{ readonly sha256: string; readonly git: string }> {
  const known = sums.get(file)
  if (known) return known
  const fresh = sumUp(file)
  sums.set(file, fresh)
  return fresh
}

async function sumUp(file: HubFile): Promise<{ readonly sha256: string; readonly git: string }> {
  const [sha256, git] = [createHash('sha256'), createHash('sha1').update(`blob ${file.size}\0`)]
  for await (const piece of file.stream(0, file.size) as AsyncIterable<Buffer>) {
    sha256.update(piece)
    git.update(piece)
  }
  return { sha256: sha256.digest('hex'), git: git.digest('hex') }
}

function* cut(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.subarray(at, at + (1 << 16))
}
