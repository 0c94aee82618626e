import { Zip, ZipDeflate, zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { readZip, type ZipContents } from '../../src/formats/zip'

const zeros = new Uint8Array(1 << 20)
const text = new TextEncoder().encode('some text, some more text')

/** Reads an archive in pieces of `size`; wants `a` up to `limit` bytes. */
function read(archive: Uint8Array, limit = 100, size = 1 << 16): Promise<ZipContents> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < archive.length; at += size) yield archive.subarray(at, at + size)
  }
  return readZip(chunks(), (path) => (path.endsWith('a') ? limit : undefined))
}

/** The archive with a number of its first local header replaced: 8 is the method, 18 and 22 are the sizes. */
function patched(archive: Uint8Array, offset: number, value: number): Uint8Array {
  const copy = new Uint8Array(archive)
  new DataView(copy.buffer).setUint32(offset, value, true)
  return copy
}

/** An archive as streaming writers make it: no sizes before the data. */
function streamed(content: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = []
  const zip = new Zip((_, data) => parts.push(data))
  const file = new ZipDeflate('a', { level: 9 })
  zip.add(file)
  file.push(content, true)
  zip.end()
  return new Uint8Array(Buffer.concat(parts))
}

describe('readZip', () => {
  it.each([
    ['deflated', zipSync({ 'folder/a': text, b: zeros }), 1 << 16],
    ['stored', zipSync({ 'folder/a': text, b: zeros }, { level: 0 }), 1 << 16],
    ['a byte at a time', zipSync({ 'folder/a': text, b: text }), 1]
  ])('gives what is wanted, and names the rest: %s', async (_, archive, size) => {
    const { paths, files } = await read(archive, 100, size)
    expect(paths).toEqual(['folder/a', 'b'])
    expect([...files]).toEqual([['folder/a', text]])
  })

  it('reads what was streamed, without sizes before the data', async () => {
    expect((await read(streamed(text))).files.get('a')).toEqual(text)
  })

  it('leaves folders and the shadows of macOS out', async () => {
    const archive = zipSync({ 'x/': new Uint8Array(), '__MACOSX/x/._a': text, 'x/._a': text, 'x/a': text })
    expect((await read(archive)).paths).toEqual(['x/a'])
  })

  it.each([
    ['by what it declares', zipSync({ a: zeros })],
    ['by what comes out, where it declares less', patched(zipSync({ a: zeros }), 22, 10)],
    ['by what comes out, where it declares nothing', streamed(zeros)]
  ])('stops a bomb %s', async (_, archive) => {
    await expect(read(archive)).rejects.toMatchObject({
      code: 'memory',
      message: expect.stringMatching(/more than 100 bytes/)
    })
  })

  it.each([
    ['is none', new TextEncoder().encode('<!doctype html>'), 'format', /a zip file was expected/],
    ['is empty', new Uint8Array(), 'format', /a zip file was expected/],
    ['ends early', zipSync({ a: text }).subarray(0, 40), 'checksum', /ends (early|inside a): fetch it again/],
    [
      'has less than it declares',
      patched(zipSync({ a: text }), 22, 90),
      'checksum',
      /should have 90 bytes, the zip has 25/
    ],
    [
      'is packed in a way that nobody knows',
      patched(zipSync({ a: text }), 8, 99),
      'format',
      /compression type 99.*password/
    ],
    ['has a damaged entry', patched(zipSync({ a: text }), 31, 0xffffffff), 'format', /could not be unpacked/],
    ['leads up', zipSync({ '../a': text }), 'format', /leads out of its folder/],
    ['leads up later', zipSync({ 'x/../../a': text }), 'format', /leads out of its folder/],
    ['leads to the root', zipSync({ '/etc/a': text }), 'format', /leads out of its folder/],
    ['leads to a drive', zipSync({ 'C:a': text }), 'format', /leads out of its folder/],
    ['leads up on Windows', zipSync({ '..\\a': text }), 'format', /leads out of its folder/],
    ['has a path with a zero byte', zipSync({ 'x\0a': text }), 'format', /leads out of its folder/],
    ['has a file twice', twice(), 'format', /has a twice/],
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
})

/** Two local files of one name, which no map of names can make. */
function twice(): Uint8Array {
  const archive = zipSync({ a: text, b: text })
  const at = Buffer.from(archive).indexOf('b')
  return new Uint8Array(archive).fill(0x61, at, at + 1)
}
