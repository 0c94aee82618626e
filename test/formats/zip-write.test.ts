import { unzipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { csvLine } from '../../src/formats/csv'
import { writeZip } from '../../src/formats/zip-write'
import { readZip } from '../../src/formats/zip'

const text = new TextEncoder().encode('a line of text, and another\n'.repeat(100_000))
const entries = [
  { path: 'folder/ünïcode.txt', bytes: text },
  { path: 'stored.bin', bytes: Uint8Array.of(1, 2, 3), stored: true },
  { path: 'empty', bytes: new Uint8Array() },
  { path: 'exact', bytes: new Uint8Array(1 << 21).fill(7) }
]

/** Quicker than a matcher that looks at each byte. */
const isSame = (a: Uint8Array | undefined, b: Uint8Array): boolean => a !== undefined && Buffer.compare(a, b) === 0

describe('writeZip', () => {
  it('is read by another unpacker and by ours', async () => {
    const zip = await writeZip(entries)
    const other = unzipSync(zip)
    const { files } = await readZip(zip, () => 1e8)
    for (const { path, bytes } of entries) {
      expect(isSame(other[path], bytes), path).toBe(true)
      expect(isSame(files.get(path), bytes), path).toBe(true)
    }
    expect(zip.length).toBeLessThan(text.length / 50)
  })

  it('has a CRC that is right: that of "123456789" is cbf43926', async () => {
    const zip = await writeZip([{ path: 'a', bytes: new TextEncoder().encode('123456789') }])
    expect(new DataView(zip.buffer).getUint32(14, true)).toBe(0xcbf43926)
  })

  it('has the same bytes whatever the time and the time zone', async () => {
    const before = process.env['TZ']
    process.env['TZ'] = 'Asia/Tokyo'
    const there = await writeZip(entries)
    process.env['TZ'] = 'America/Lima'
    expect(isSame(await writeZip(entries), there)).toBe(true)
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  })
})

describe('readZip', () => {
  it('takes no more from all files together than it is allowed', async () => {
    const zip = await writeZip([1, 2, 3].map((i) => ({ path: `${i}`, bytes: new Uint8Array(1000) })))
    await expect(readZip(zip, () => 1500, 2500)).rejects.toMatchObject({ code: 'memory' })
    expect((await readZip(zip, () => 1500, 3000)).files.size).toBe(3)
  })
})

describe('csvLine', () => {
  it('quotes text, doubles quotes, and leaves numbers alone', () => {
    expect(csvLine(['a "b",\nc', -1.5, null, true, '-1'])).toBe('"a ""b"",\nc",-1.5,,true,"\'-1"\r\n')
  })
})
