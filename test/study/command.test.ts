/** The study as a user runs it on the command line: killed, resumed, and twice the same. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openFileJournal } from '../../scripts/study/file-journal'
import { packJournal } from '../../src/study/files/journal-file'
import { reduced } from './samples/reduced'
import { remadeSamples } from '../../src/study/files/recheck'

let folder = ''
const at = (...path: readonly string[]): string => join(folder, ...path)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azimuth-study-'))
  await writeFile(at('settings.json'), JSON.stringify(reduced))
  expect(await study('whole')).toMatchObject({ code: 3 })
})

afterAll(() => rm(folder, { recursive: true }))

/** Bytes of what a run measured: all of its files but those that tell the time. */
async function measured(out: string): Promise<ReadonlyMap<string, string>> {
  const paths = await readdir(at(out, 'run'), { recursive: true, withFileTypes: true })
  const files = paths.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name))
  const kept = files.filter((path) => /rows\.|findings|directions|hidden|figures/.test(path) && !/times/.test(path))
  const texts = kept.map(async (path) => [path.slice(at(out).length), await readFile(path, 'latin1')] as const)
  return new Map(await Promise.all(texts))
}

describe('npm run study', () => {
  it('goes on after the process was killed, and ends with the same bytes', async () => {
    const child = start('killed')
    while (linesOf(await journal('killed')) < 60 && child.exitCode === null)
      await new Promise((go) => setTimeout(go, 50))
    child.kill('SIGKILL')
    await once(child, 'exit')
    const before = linesOf(await journal('killed'))
    expect(before).toBeGreaterThanOrEqual(60)
    expect(existsSync(at('killed', 'run.zip'))).toBe(false)
    expect(await study('killed', '--resume')).toMatchObject({ code: 3 })
    const [there, here] = [await measured('whole'), await measured('killed')]
    expect(there.size).toBeGreaterThan(8)
    expect([...here.keys()].sort()).toEqual([...there.keys()].sort())
    for (const [path, text] of there) expect([path, here.get(path) === text]).toEqual([path, true])
  })

  it('goes on from a study that was saved as a file elsewhere', async () => {
    const half = await journal('whole')
    await writeHalf('half', half)
    const source = await openFileJournal(at('half'))
    await writeFile(at('half.zip'), await packJournal(source))
    await source.close()
    expect(await study('moved', '--from', at('half.zip'))).toMatchObject({ code: 3 })
    expect((await measured('moved')).get('/run/rows.jsonl')).toBe((await measured('whole')).get('/run/rows.jsonl'))
  })

  it('checks a bundle, and makes a part of it again with the same answers and states', async () => {
    const { code, stdout } = await study('check', '--recheck', at('whole', 'run.zip'))
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^outcomes of answers: (\d+) of \1 agree$/m)])
    const [, answers = 0, of = NaN] = /^answers made again: (\d+) of (\d+)/m.exec(stdout)?.map(Number) ?? []
    expect(of).toBe(remadeSamples.answers)
    expect(answers / of).toBeGreaterThan(0.95)
    expect(stdout).toMatch(/^hidden states made again, within 0.001: (\d+) of \1 agree/m)
  })

  it('leaves a study alone that it was not asked to go on with', async () => {
    const { code, stderr } = await study('whole')
    expect(code).toBe(1)
    expect(stderr).toContain('add --resume to go on with it')
  })

  it('tells how much there is to do, and does nothing', async () => {
    const { code, stdout } = await study('none', '--plan')
    expect([code, existsSync(at('none'))]).toEqual([0, false])
    expect(stdout).toMatch(/\d+ {2}Directions from other models/)
  })

  it.each([
    [['--models', 'nothing'], 'names of models of the study (qwen2, llama), got nothing'],
    [['--adapter', 'qwen2/x=folder'], '--adapter takes KEY/NAME:KIND=PATH'],
    [['--device', 'tpu'], '--device takes webgpu, wasm, cpu, got tpu'],
    [['--prompts', 'eval=nowhere.jsonl'], 'nowhere.jsonl could not be read'],
    [['--model', 'qwen2=nowhere'], 'nowhere is not a folder']
  ])(
    'refuses %j with the way out',
    async (options, message) => {
      const { code, stderr } = await study(`bad-${options.join('-').replaceAll(/\W/g, '')}`, ...options)
      expect(code).toBe(1)
      expect(stderr).toContain(message)
    },
    60_000
  )
})

const journal = (out: string): Promise<string> => readFile(at(out, 'journal.jsonl'), 'utf8').catch(() => '')
const linesOf = (text: string): number => text.split('\n').length - 1

/** Half of a journal, its last line torn. */
async function writeHalf(out: string, text: string): Promise<void> {
  const target = await openFileJournal(at(out))
  const source = await openFileJournal(at('whole'))
  const keys = await source.keys()
  for (const key of keys.slice(0, keys.length >> 1)) {
    const entry = await source.read(key)
    if (entry) await target.write(key, entry)
  }
  await source.close()
  await target.close()
  await writeFile(at(out, 'journal.jsonl'), `${await journal(out)}${text.slice(0, 40)}`)
}

function start(out: string, ...more: readonly string[]): ChildProcess {
  const options = ['--settings', at('settings.json'), '--out', at(out), ...more]
  return spawn('node', ['--import', 'tsx', 'scripts/study.ts', ...options], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function study(
  out: string,
  ...more: readonly string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = start(out, ...more)
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (part: Buffer) => (stdout += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}
