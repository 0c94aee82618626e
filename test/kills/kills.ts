/** Studies that are killed at random moments: what is counted, and when two bundles say the same. */
import { strFromU8, unzipSync } from 'fflate'

export interface Kills {
  readonly killed: number
  /** Of these, how many a later start went on from. */
  readonly resumed: number
  /** Finished cells that were gone after a kill, or were measured a second time. */
  readonly lost: number
  readonly studies: number
  /** Studies whose bundle is not that of one that ran through. */
  readonly differing: number
}

/** When to kill: after so many further cells, and then so many milliseconds. */
export interface Moment {
  readonly cells: number
  readonly ms: number
}

/** Kills of one study, before it may end. */
export const killsEach = 8

/** A moment of a study of `total` cells that is spread over its whole length, its start and what follows its last cell among them. */
export function momentOf(random: () => number, total: number, ms: number): Moment {
  return { cells: Math.floor((random() * 2 * total) / killsEach), ms: Math.floor(random() * ms) }
}

/** The cells of a look: each key with what stands there. One that was measured again stands there otherwise, or twice. */
export type Cells = ReadonlyMap<string, string>

/** Cells of an earlier look that a later one does not have as they were. */
export function lostCells(before: Cells, after: Cells): number {
  return [...before].filter(([key, cell]) => after.get(key) !== cell).length
}

/** The files of a bundle without what differs from one run to the next: dates, seconds, and hashes of files that tell them. */
export function timelessFiles(bundle: Uint8Array): ReadonlyMap<string, string> {
  const files = Object.entries(unzipSync(bundle)).map(([path, bytes]) => [path, strFromU8(bytes, true)] as const)
  return new Map(
    files
      .filter(([path]) => !/^figures\/times\.|^run\.json\.sha256$/.test(path))
      .map(([path, text]) => [path, path === 'run.json' ? timelessRun(text) : timelessPage(text)])
  )
}

/** Names of files that are not the same in both. */
export function differences(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...one.keys(), ...other.keys()])].filter((path) => one.get(path) !== other.get(path))
}

const ofTheClock = new Set(['started', 'finished', 'times', 'notes', 'files'])

function timelessRun(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value: unknown) => (ofTheClock.has(key) ? undefined : value))
}

function timelessPage(text: string): string {
  return text.replace(/From 20\S+ \S+ UTC to 20\S+ \S+ UTC/, '').replace(/<section id="time">[\s\S]*?<\/section>/, '')
}
