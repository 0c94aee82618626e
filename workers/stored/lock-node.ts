/** One at a time under a name, among all threads and processes: a lock is a file that names who holds it. */
import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { LabError } from '../../src/errors'
import { codeOf, isFull } from './full-node'
import { sleep } from '../sources/request'

/** Milliseconds: between two looks at a lock that is taken, between two signs of life, and until their lack is death. */
const look = 50
const sign = 5_000
const dead = 60_000

/** Locks that this thread holds; a thread that is ended gives them back. */
const held = new Set<string>()
let watched = false

/** Locks by files in a folder, between processes. */
export class FolderLocks {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Runs `work` while nobody else works under the same name. @throws AbortError while it waits */
  async alone<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const path = join(this.#folder, name)
    while (!(await take(path))) {
      await removeDead(path)
      await sleep(look, signal)
    }
    const alive = setInterval(() => void utimes(path, new Date(), new Date()).catch(() => undefined), sign)
    alive.unref()
    try {
      return await work()
    } finally {
      clearInterval(alive)
      held.delete(path)
      await rm(path, { force: true })
    }
  }
}

const noRoom = (path: string, cause: unknown): LabError => {
  const text = `the disk of ${dirname(path)} is full: free disk space, or name another folder with AZIMUTH_CACHE or --cache`
  return new LabError('quota', text, { cause })
}

async function take(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${hostname()} ${process.pid} ${randomUUID()}`, { flag: 'wx' })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    // It was made, and has no room for its text.
    if (isFull(error)) await rm(path, { force: true })
    throw isFull(error) ? noRoom(path, error) : error
  }
  held.add(path)
  if (!watched) process.once('exit', () => held.forEach((each) => rmSync(each, { force: true })))
  watched = true
  return true
}

/** Removes a lock whose holder is gone: killed, or silent for long. */
async function removeDead(path: string): Promise<void> {
  const [text, info] = await Promise.all([readFile(path, 'utf8').catch(() => null), stat(path).catch(() => null)])
  if (text === null || !info) return
  const [host, pid] = text.split(' ')
  const gone = host === hostname() && pid !== undefined && !isAlive(Number(pid))
  if (!gone && Date.now() - info.mtimeMs < dead) return
  // Renamed first: of several that find it dead, one gets it. Another holder's fresh lock that was caught is put back.
  const aside = `${path}.${randomUUID()}`
  await rename(path, aside).catch(() => undefined)
  const caught = await readFile(aside, 'utf8').catch(() => text)
  if (caught !== text) await rename(aside, path)
  else await rm(aside, { force: true })
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Of another user, which is alive, too.
    return codeOf(error) === 'EPERM'
  }
}
