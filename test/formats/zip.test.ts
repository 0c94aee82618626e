import { Zip, ZipDeflate, ZipPassThrough, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { readZip, type ZipContents } from '../../src/formats/zip'

const zeros = new Uint8Array(1 << 20)
const text = new TextEncoder().encode('some text, some more text')

/** Wants every path that ends in `a`, up to `limit` bytes. */
function read(archive: Uint8Array | Blob, limit = 100): Promise<ZipContents> {
  return readZip(archive, (path) => (path.endsWith('a') ? limit : undefined))
}

/** Where the nth header of a kind begins: 0x04034b50 a file's own, 0x02014b50 its line in the directory. */
function headerAt(archive: Uint8Array, signature: 0x04034b50 | 0x02014b50 | 0x08074b50, nth = 0): number {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength)
  const found = Array.from({ length: archive.length - 4 }, (_, i) => i).filter(
    (i) => view.getUint32(i, true) === signature
  )
  return found[nth] ?? -1
}

/** The archive with a number changed in both headers of its first file; `local` counts from the file's own header. */
function patched(archive: Uint8Array, local: number, value: number, size: 2 | 4 = 4): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(archive)
  const view = new DataView(copy.buffer)
  for (const at of [headerAt(copy, 0x04034b50) + local, headerAt(copy, 0x02014b50) + local + 2]) {
    if (size === 4) view.setUint32(at, value, true)
    else view.setUint16(at, value, true)
  }
  return copy
}

const [flags, method, crc, sizeOut] = [6, 8, 14, 22]

/** An archive as streaming writers make it: no sizes before the data. */
function streamed(content: Uint8Array, stored = false): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  const zip = new Zip((_, data) => parts.push(data))
  const file = stored ? new ZipPassThrough('a') : new ZipDeflate('a', { level: 9 })
  zip.add(file)
  file.push(content, true)
  zip.end()
  return new Uint8Array(Buffer.concat(parts))
}

/** One byte of the data of the first file changed, its headers left as they are. */
function damaged(archive: Uint8Array): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(archive)
  const at = headerAt(copy, 0x04034b50) + 30 + 1 + 5
  copy[at] = (copy[at] ?? 0) ^ 8
  return copy
}

/** A zip64 archive of one stored file: sizes, offset and count stand in the extensions alone. */
function zip64(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const plain = zipSync({ a: content }, { level: 0 })
  const crc32 = new DataView(plain.buffer).getUint32(14, true)
  const words = (sizes: readonly (readonly [number, 2 | 4 | 8])[]): Uint8Array => {
    const view = new DataView(new ArrayBuffer(sizes.reduce((sum, [, size]) => sum + size, 0)))
    let at = 0
    for (const [value, size] of sizes) {
      if (size === 2) view.setUint16(at, value, true)
      else if (size === 4) view.setUint32(at, value, true)
      else view.setBigUint64(at, BigInt(value), true)
      at += size
    }
    return new Uint8Array(view.buffer)
  }
  const facts = [
    [45, 2], [0, 2], [0, 2], [0, 2], [0x21, 2], [crc32, 4], [0xffffffff, 4], [0xffffffff, 4], [1, 2]
  ] as const // prettier-ignore
  const name = Uint8Array.of(0x61)
  const both = [[content.length, 8], [content.length, 8]] as const // prettier-ignore
  const local = Buffer.concat([
    words([[0x04034b50, 4], ...facts, [20, 2]]), name, words([[1, 2], [16, 2], ...both]), content
  ]) // prettier-ignore
  const central = Buffer.concat([
    words([[0x02014b50, 4], [45, 2], ...facts, [28, 2], [0, 2], [0, 2], [0, 2], [0, 4], [0xffffffff, 4]]),
    name,
    words([[1, 2], [24, 2], ...both, [0, 8]])
  ]) // prettier-ignore
  const end = words([
    [0x06064b50, 4], [44, 8], [45, 2], [45, 2], [0, 4], [0, 4], [1, 8], [1, 8], [central.length, 8], [local.length, 8],
    [0x07064b50, 4], [0, 4], [local.length + central.length, 8], [1, 4],
    [0x06054b50, 4], [0, 2], [0, 2], [0xffff, 2], [0xffff, 2], [0xffffffff, 4], [0xffffffff, 4], [0, 2]
  ]) // prettier-ignore
  return new Uint8Array(Buffer.concat([local, central, end]))
}

describe('readZip', () => {
  it.each([
    ['deflated', zipSync({ 'folder/a': text, b: zeros })],
    ['stored', zipSync({ 'folder/a': text, b: zeros }, { level: 0 })],
    ['of a blob', new Blob([new Uint8Array(zipSync({ 'folder/a': text, b: zeros }))])]
  ])('gives what is wanted, and names the rest: %s', async (_, archive) => {
    const { paths, files } = await read(archive)
    expect(paths).toEqual(['folder/a', 'b'])
    expect([...files]).toEqual([['folder/a', text]])
  })

  it.each([
    ['deflated', text, false],
    ['stored', text, true],
    ['stored, with the signature of a file in it', Uint8Array.of(1, 2, 0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0, 9), true],
    ['stored, with that of a descriptor in it', Uint8Array.of(1, 2, 0x50, 0x4b, 7, 8, 0, 0, 0, 0, 2, 0, 0, 0, 2), true]
  ])('reads what was streamed, without sizes before the data: %s', async (_, content, stored) => {
    expect((await read(streamed(content, stored))).files.get('a')).toEqual(content)
  })

  it('reads zip64', async () => {
    expect((await read(zip64(text))).files.get('a')).toEqual(text)
  })

  it('leaves folders and the shadows of macOS out', async () => {
    const archive = zipSync({ 'x/': new Uint8Array(), '__MACOSX/x/._a': text, 'x/._a': text, 'x/a': text })
    expect((await read(archive)).paths).toEqual(['x/a'])
  })

  it.each(['x\\y\\a', './x/y/a', '././/x/y/a', '.\\x\\y\\a'])('takes %j for x/y/a', async (name) => {
    expect([...(await read(zipSync({ [name]: text }))).files]).toEqual([['x/y/a', text]])
  })

  it.each([
    ['by what it declares', zipSync({ a: zeros })],
    ['by what it declares, where it was streamed', streamed(zeros)]
  ])('stops a bomb %s', async (_, archive) => {
    await expect(read(archive)).rejects.toMatchObject({
      code: 'memory',
      message: expect.stringMatching(/more than 100 /)
    })
  })

  it('takes no memory for what an entry declares and its data cannot hold', async () => {
    const before = process.memoryUsage().arrayBuffers
    await expect(read(patched(zipSync({ a: text }), sizeOut, 0x3ffffff), 2 ** 31)).rejects.toMatchObject({
      code: 'checksum'
    })
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1e6)
  })

  it('stops what unpacks to more than a hundred times the archive, once that is much', async () => {
    const many = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`${i}a`, new Uint8Array(2 ** 24)]))
    await expect(read(zipSync(many), 2 ** 30)).rejects.toMatchObject({ code: 'memory' })
    delete many['4a']
    expect((await read(zipSync(many), 2 ** 30)).files.size).toBe(4)
  })

  it.each([
    ['is none', new TextEncoder().encode('<!doctype html><title>Sign in</title>'), 'format', /a zip file was expected/],
    ['is empty', new Uint8Array(), 'format', /a zip file was expected/],
    ['ends early', zipSync({ a: text }).subarray(0, 40), 'checksum', /ends early: fetch it again/],
    [
      'gives less than it declares',
      patched(zipSync({ a: text }), sizeOut, 90),
      'checksum',
      /^a is not what was packed/
    ],
    ['gives more than it declares', patched(zipSync({ a: text }), sizeOut, 10), 'checksum', /^a is not .*another size/],
    [
      'is packed in a way that nobody knows',
      patched(zipSync({ a: text }), method, 99, 2),
      'format',
      /packed by method 99/
    ],
    [
      'has a stored entry with another byte',
      damaged(zipSync({ a: text }, { level: 0 })),
      'checksum',
      /^a .*Bad CRC-32/
    ],
    ['has a streamed entry with another byte', damaged(streamed(text, true)), 'checksum', /^a .*Bad CRC-32/],
    ['has a deflated entry with another byte', damaged(zipSync({ a: text })), 'checksum', /^a is not what was packed/],
    ['names another CRC', patched(zipSync({ a: text }), crc, 7), 'checksum', /^a .*Bad CRC-32/],
    ['is encrypted', patched(zipSync({ a: text }), flags, 1, 2), 'format', /^a is encrypted.*without a password/],
    ['leads up', zipSync({ '../a': text }), 'format', /leads out of its folder/],
    ['leads up later', zipSync({ 'x/../../a': text }), 'format', /leads out of its folder/],
    ['leads to the root', zipSync({ '/etc/a': text }), 'format', /leads out of its folder/],
    ['leads to a share', zipSync({ '\\\\host\\a': text }), 'format', /leads out of its folder/],
    ['leads to a drive', zipSync({ 'C:a': text }), 'format', /leads out of its folder/],
    ['leads up on Windows', zipSync({ '..\\a': text }), 'format', /leads out of its folder/],
    ['has a path with a zero byte', zipSync({ 'x\0a': text }), 'format', /leads out of its folder/],
    ['has a file twice', twice(), 'format', /has a twice/],
    ['has a file twice, once with a backslash', zipSync({ 'x/a': text, 'x\\a': text }), 'format', /has x\/a twice/],
    ['has entries that share their data', overlapping(), 'format', /Overlapping/],
    [
      'has too many files',
      zipSync(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [`f${i}`, new Uint8Array()]))),
      'format',
      /more than 10000 files/
    ]
  ])('refuses an archive that %s', async (_, archive, code, message) => {
    const error: unknown = await read(archive).catch((caught: unknown) => caught)
    expect(error).toMatchObject({ name: 'LabError', code, message: expect.stringMatching(message) })
  })

  it('leaves alone what is damaged or encrypted and not wanted', async () => {
    const other = { b: text, a: text }
    for (const archive of [damaged(zipSync(other, { level: 0 })), patched(zipSync(other), flags, 1, 2)]) {
      expect((await read(archive)).files.get('a')).toEqual(text)
    }
  })

  it('is left when it is cancelled', async () => {
    const archive = zipSync({ a: text })
    await expect(readZip(archive, () => 100, Infinity, AbortSignal.abort())).rejects.toMatchObject({
      name: 'AbortError'
    })
  })
})

/** Two local files of one name, which no map of names can make. */
function twice(): Uint8Array {
  const archive = new Uint8Array(zipSync({ a: text, b: text }))
  for (const [signature, offset] of [
    [0x04034b50, 30],
    [0x02014b50, 46]
  ] as const) {
    // prettier-ignore
    archive[headerAt(archive, signature, 1) + offset] = 0x61
  }
  return archive
}

/** Two lines of the directory that name one file's data, as archives do that unpack to far more than they hold. */
function overlapping(): Uint8Array {
  const archive = new Uint8Array(zipSync({ '1a': text, '2a': text }))
  new DataView(archive.buffer).setUint32(headerAt(archive, 0x02014b50, 1) + 42, 0, true)
  return archive
}
