/** The journal in a folder: what is cut, changed or half written is never used, and a full disk is said in words. */
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openFileJournal } from '../../scripts/study/file-journal'
import { memoryJournal, type Entry } from '../../src/study/journal'
import { packJournal, unpackJournal } from '../../src/study/files/journal-file'
import { writeZip } from '../../src/formats/zip-write'
import { failure } from '../failure'

/** Bytes that the disk still takes; what is beyond is cut in the middle, as a real one does. */
const disk = vi.hoisted(() => ({ room: Infinity, code: 'ENOSPC' }))

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof import('node:fs/promises')>()
  const open: typeof real.open = async (...options) => {
    const file = await real.open(...options)
    const limited = async (data: string | Uint8Array, write: (part: Uint8Array) => Promise<void>): Promise<void> => {
      const bytes = Buffer.from(data)
      const fits = Math.min(bytes.length, disk.room)
      disk.room -= fits
      await write(bytes.subarray(0, fits))
      if (fits < bytes.length) throw Object.assign(new Error('no space left on device'), { code: disk.code })
    }
    const [writeWhole, append] = [file.writeFile.bind(file), file.appendFile.bind(file)]
    file.writeFile = (data) => limited(data, (part) => writeWhole(part))
    file.appendFile = (data) => limited(data, (part) => append(part))
    return file
  }
  return { ...real, open }
})

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azimuth-journal-'))
  Object.assign(disk, { room: Infinity, code: 'ENOSPC' })
})
afterEach(() => rm(folder, { recursive: true }))

const floats = Float32Array.from({ length: 300 }, (_, i) => i / 7)
const cells: readonly (readonly [string, Entry])[] = [
  ['study', { json: { asked: 'x', started: '2026-01-01' } }],
  ['states/a', { json: { rows: 3 }, floats, seconds: 1.5 }],
  ['scores/a', { json: null, floats: Float32Array.of(NaN, -1) }],
  ['answers/a', { json: { texts: ['","sum":"', 'ä\u2028\n'] } }]
]

async function fill(): Promise<void> {
  const journal = await openFileJournal(folder)
  for (const [key, entry] of cells) await journal.write(key, entry)
  await journal.close()
}

/** Every cell as it is read again, and what was told of damage. */
async function readAll(): Promise<{ cells: Map<string, Entry | null>; told: string[] }> {
  const told: string[] = []
  const journal = await openFileJournal(folder, (sentence) => told.push(sentence))
  const read = new Map<string, Entry | null>()
  for (const key of await journal.keys()) read.set(key, await journal.read(key))
  await journal.close()
  return { cells: read, told }
}

const cellFile = async (bytes: number): Promise<string> => {
  const names = await readdir(join(folder, 'cells'))
  const sizes = await Promise.all(names.map(async (name) => (await readFile(join(folder, 'cells', name))).length))
  return join(folder, 'cells', names[sizes.indexOf(bytes)] ?? 'none')
}

describe('a journal in a folder', () => {
  it('gives back what was written', async () => {
    await fill()
    expect(await readAll()).toEqual({ cells: new Map(cells), told: [] })
  })

  it.each([0, 3, 4, 600, 1196, 1199])('does not use a cell that was cut to %i of its 1200 bytes', async (length) => {
    await fill()
    await truncate(await cellFile(1200), length)
    const { cells: read, told } = await readAll()
    expect(read.get('states/a')).toBeNull()
    expect(read.get('scores/a')).toEqual(cells[2]?.[1])
    expect(told).toEqual([
      expect.stringMatching(/^The cell "states\/a" is measured again: ".*\.f32" has \d+ of 1200 bytes/)
    ])
  })

  it('does not use a cell with other numbers, or whose file is gone', async () => {
    await fill()
    const path = await cellFile(1200)
    const bytes = await readFile(path)
    await writeFile(path, bytes.fill(0, 600))
    expect((await readAll()).told[0]).toContain('has other numbers than were written')
    await rm(path)
    expect((await readAll()).told[0]).toContain('is missing')
  })

  it.each(['../../outside', '/etc/passwd', 'a\\b', 'NUL', ''])('reads no numbers from %j', async (name) => {
    await writeFile(join(folder, 'journal.jsonl'), `${JSON.stringify({ key: 'a', json: 1, floats: name })}\n`)
    expect((await readAll()).told[0]).toContain('is no name of a file of numbers')
  })

  it('refuses a line that was changed anywhere, by its number and with the way out', async () => {
    await fill()
    const path = join(folder, 'journal.jsonl')
    const text = await readFile(path, 'utf8')
    for (const [from, to] of [
      ['"rows":3', '"rows":4'],
      ['"bytes":1200', '"bytes":1196'],
      ['"sum":"', '"sum":"0'],
      ['"seconds":1.5', '"seconds":2.5']
    ] as const) {
      await writeFile(path, text.replace(from, to))
      expect(await failure(readAll())).toMatch(/^checksum: line [12] of .* is not what was written: take the line out/)
    }
  })

  it('reads what was written before lines had seals', async () => {
    await fill()
    const path = join(folder, 'journal.jsonl')
    const old = (await readFile(path, 'utf8')).replaceAll(/,"bytes":\d+,"sha256":"[^"]*"|,"sum":"[\da-f]{64}"/g, '')
    expect(old).not.toMatch(/"bytes"|"sha256"/)
    await writeFile(path, old)
    expect(await readAll()).toEqual({ cells: new Map(cells), told: [] })
    await truncate(await cellFile(1200), 1199)
    expect((await readAll()).told[0]).toContain('has 1199 bytes, and no number has less than 4')
  })

  it('takes a torn last line for one that was not written', async () => {
    await fill()
    await appendFile(join(folder, 'journal.jsonl'), '{"key":"torn","js')
    expect((await readAll()).cells).toEqual(new Map(cells))
  })
})

describe('a disk that is full', () => {
  it.each(['ENOSPC', 'EDQUOT', 'EFBIG'])(
    '(%s) ends a write with the way out, and leaves the cells before',
    async (code) => {
      for (const room of [0, 1, 599, 1199, 1200, 1210, 1300]) {
        await rm(folder, { recursive: true })
        await fill()
        const journal = await openFileJournal(folder)
        Object.assign(disk, { room, code })
        expect(await failure(journal.write('late', { json: { a: 'b'.repeat(200) }, floats }))).toMatch(
          /^quota: the disk of .* has no room left: free some; .*--resume$/
        )
        expect(await journal.read('late')).toBeNull()
        // There is room again, and the same journal goes on.
        disk.room = Infinity
        await journal.write('later', { json: 'fits' })
        await journal.close()
        const { cells: read, told } = await readAll()
        expect([...read]).toEqual([...cells, ['later', { json: 'fits' }]])
        expect(told).toEqual([])
      }
    }
  )

  it('keeps lines whole that are written at the same time', async () => {
    const journal = await openFileJournal(folder)
    disk.room = 4000
    const keys = Array.from({ length: 40 }, (_, i) => `cell-${i}`)
    const ends = await Promise.allSettled(keys.map((key) => journal.write(key, { json: key.repeat(9) })))
    disk.room = Infinity
    await journal.close()
    const kept = keys.filter((_, i) => ends[i]?.status === 'fulfilled')
    expect(kept.length).toBeGreaterThan(5)
    expect(kept.length).toBeLessThan(keys.length)
    expect([...(await readAll()).cells.keys()].sort()).toEqual(kept.sort())
  })
})

describe('an unfinished study as a zip', () => {
  const zipOf = (lines: readonly string[], file = new Uint8Array(1200)): Promise<Uint8Array> => {
    const text = lines.map((line) => `${line}\n`).join('')
    return writeZip([
      { path: 'journal.jsonl', bytes: new TextEncoder().encode(text) },
      { path: 'cells/1.f32', bytes: file }
    ])
  }

  it('gives back what was packed', async () => {
    const journal = memoryJournal()
    for (const [key, entry] of cells) await journal.write(key, entry)
    expect(await unpackJournal(await packJournal(journal))).toEqual(new Map(cells))
  })

  it.each([
    [{ key: 'a', floats: '1.f32' }, 3, /^checksum: line 1 .*has 3 bytes/],
    [{ key: 'a', floats: '2.f32' }, 4, /^checksum: line 1 .*"2.f32" is missing/],
    [{ key: 'a', floats: 7 }, 4, /^format: line 1 .*floats should be text/],
    [{ key: 7 }, 4, /^format: line 1 .*key should be text/],
    [null, 4, /^format: line 1 .*should be an object, got nothing/],
    [{ key: 'a', sum: 'x' }, 4, /^checksum: line 1 .*is not what was written/]
  ])('refuses the line %j beside %i bytes', async (line, size, told) => {
    const zip = await zipOf([JSON.stringify(line)], new Uint8Array(size))
    expect(await failure(unpackJournal(zip))).toMatch(told)
  })

  it('is refused where it would unpack to gigabytes', async () => {
    const zeros = new Uint8Array(36 << 20)
    const cell = (i: number): { path: string; bytes: Uint8Array } => ({ path: `cells/${i}.f32`, bytes: zeros })
    const zip = await writeZip([cell(0), cell(1), { path: 'journal.jsonl', bytes: new Uint8Array() }])
    expect(zip.length).toBeLessThan(1 << 20)
    expect(await failure(unpackJournal(zip))).toMatch(/^memory: /)
  })
})
