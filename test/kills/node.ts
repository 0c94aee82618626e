/** `npm run study` in a process of its own, killed without a word at random moments, and gone on with. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { tiny } from '../study/samples/reduced'
import {
  differences,
  killsEach,
  lostCells,
  momentOf,
  timelessFiles,
  type Cells,
  type Kills,
  type Moment
} from './kills'

const root = resolve(import.meta.dirname, '../..')
/** A moment is at most so long after a cell, in milliseconds: some cells take as long. */
const longest = 1500

/** Kills studies `n` times in all; each ends at last. @throws Error for a study that ends by itself and not well */
export async function killNode(n: number, random: () => number, told: (sentence: string) => void): Promise<Kills> {
  const folder = await mkdtemp(join(tmpdir(), 'azimuth-kills-'))
  try {
    await writeFile(join(folder, 'settings.json'), JSON.stringify(tiny))
    const whole = new StudyFolder(folder, 'whole')
    await whole.run()
    const expected = timelessFiles(await whole.bundle())
    const total = (await whole.cells()).size
    let kills: Kills = { killed: 0, resumed: 0, lost: 0, studies: 0, differing: 0 }
    while (kills.killed < n) {
      const one = new StudyFolder(folder, `killed-${kills.studies}`)
      const most = Math.min(killsEach, n - kills.killed)
      const { killed, lost } = await killOne(one, most, total, () => momentOf(random, total, longest))
      const other = differences(expected, timelessFiles(await one.bundle()))
      kills = {
        killed: kills.killed + killed,
        resumed: kills.resumed + killed,
        lost: kills.lost + lost,
        studies: kills.studies + 1,
        differing: kills.differing + (other.length > 0 ? 1 : 0)
      }
      told(`${kills.killed} killed, ${kills.lost} cells lost; other files: ${other.join(', ') || 'none'}`)
    }
    return kills
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** One study, killed up to `n` times, and then let run to its end. */
async function killOne(
  study: StudyFolder,
  n: number,
  total: number,
  moment: () => Moment
): Promise<{ readonly killed: number; readonly lost: number }> {
  let [killed, lost, seen]: [number, number, Cells] = [0, 0, new Map()]
  while (killed < n && (await study.kill(moment(), total))) {
    killed++
    const now = await study.cells()
    lost += lostCells(seen, now)
    seen = now
  }
  await study.run()
  return { killed, lost: lost + lostCells(seen, await study.cells()) }
}

class StudyFolder {
  readonly #settings: string
  readonly #out: string

  constructor(folder: string, name: string) {
    this.#settings = join(folder, 'settings.json')
    this.#out = join(folder, name)
  }

  bundle(): Promise<Uint8Array> {
    return readFile(join(this.#out, 'run.zip'))
  }

  /** The whole lines of the journal by their keys; those of one key together. */
  async cells(): Promise<Cells> {
    const text = await readFile(join(this.#out, 'journal.jsonl'), 'utf8').catch(() => '')
    const cells = new Map<string, string>()
    for (const line of text.split('\n').slice(0, -1)) {
      const { key } = JSON.parse(line) as { key: string }
      cells.set(key, (cells.get(key) ?? '') + line)
    }
    return cells
  }

  /** Starts it, or goes on with it, until it has ended. */
  async run(): Promise<void> {
    await this.#end(this.#start())
  }

  /** Starts it, or goes on with it, until the moment has come: behind the last cell it works out what they say. False where it ended before. */
  async kill({ cells, ms }: Moment, total: number): Promise<boolean> {
    const wanted = Math.min(total, (await this.cells()).size + cells)
    const child = this.#start()
    const ended = this.#end(child)
    while (child.exitCode === null && (await this.cells()).size < wanted) await wait(20)
    await wait(ms)
    if (child.exitCode !== null) return ended.then(() => false)
    child.kill('SIGKILL')
    await ended
    return true
  }

  #start(): ChildProcess {
    const options = ['--settings', this.#settings, '--out', this.#out, '--resume']
    const stdio: ('ignore' | 'pipe')[] = ['ignore', 'ignore', 'pipe']
    return spawn(process.execPath, ['--import', 'tsx', 'scripts/study.ts', ...options], { cwd: root, stdio })
  }

  async #end(child: ChildProcess): Promise<void> {
    let said = ''
    child.stderr?.on('data', (part: Buffer) => (said += part.toString()))
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null]
    if (signal !== 'SIGKILL' && code !== 0 && code !== 3) throw new Error(`the study ended with ${code}: ${said}`)
  }
}
