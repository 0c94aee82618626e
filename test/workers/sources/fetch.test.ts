import { describe, expect, it } from 'vitest'
import { inBytes, MemorySink } from '../../../workers/stored/sink'
import { repoOf } from '../../hub-repos'
import { contents, data, failure, ignore, noise, patience, rangesOf, repo, same, setUp, weights } from './sources-setup'

describe('a connection that breaks', () => {
  it('goes on where it was', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 }, { path: /content.*_data$/, cutAfter: 70_000 })
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data)).toEqual([undefined, 'bytes=100000-', 'bytes=170000-'])
  })

  it('does so in memory too', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 })
    expect(same(await (await open(undefined, { disk: null })).read(data, ignore), weights)).toBe(true)
  })

  it('counts as broken when nothing comes any more', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, stallAfter: 65_536 })
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data)).toEqual([undefined, 'bytes=65536-'])
  })

  it('may break more often than there are tries, as long as something comes', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, cutAfter: 40_000, times: 7 })
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data).length).toBe(8)
  })

  it('ends in an error that keeps the part, from which the next open goes on', async () => {
    const { hub, disk, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 }, { path: /content.*_data$/, cutAfter: 0, times: 3 })
    expect(await failure((await open()).read(data, ignore))).toBe(
      `network: ${data} of ${repo} broke off after 100 kB of 300 kB and did not go on: check the connection; it goes on from there when the model is opened again`
    )
    const before = rangesOf(hub, data).length
    // Not whole, and never taken for it.
    expect([...(await (await open()).list()).keys()]).toContain(data)
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data).slice(before)).toEqual(['bytes=100000-'])
    expect(disk.used).toBeGreaterThan(300_000)
  })

  it('starts anew where the server knows no ranges', async () => {
    const { hub, open } = await setUp({ ranges: false })
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 })
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(await failure((await open()).read(data, ignore))).toBe('no error')
  })

  it('gives up on a server that knows no ranges and always breaks', async () => {
    const { hub, open } = await setUp({ ranges: false })
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000, times: 99 })
    expect(await failure((await open()).read(data, ignore))).toContain('broke off after 100 kB of 300 kB')
  })

  it('stops at once when cancelled, and keeps the part', async () => {
    const { hub, disk, open } = await setUp()
    const controller = new AbortController()
    hub.faults.push({ path: /content.*_data$/, stallAfter: 100_000 })
    const files = await open(undefined, {
      signal: controller.signal,
      patience: { ...patience, longestWait: 1, stall: 60_000 }
    })
    const reading = failure(files.read(data, ignore))
    await expect.poll(() => disk.used).toBeGreaterThan(60_000)
    controller.abort()
    expect(await reading).toBe('20: cancelled')
    expect(disk.used).toBeGreaterThan(60_000)
    expect(await failure(open(undefined, { signal: controller.signal }))).toBe('20: cancelled')
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data).at(-1)).toMatch(/^bytes=\d{5,}-$/)
  })
})

describe('content that is not what was listed', () => {
  it.each([
    ['large', data, 'SHA-256'],
    ['small', 'tokenizer.json', 'git id']
  ])('a %s file is refused and deleted', async (_, path, kind) => {
    const { hub, disk, open } = await setUp()
    // The redirect of a large file has nothing to damage.
    if (path === data) hub.faults.push({ path: /content.*_data$/, damage: true })
    else hub.faults.push({ path: /resolve.*tokenizer.json$/, damage: true })
    const text = await failure((await open()).read(path, ignore))
    expect(text).toMatch(new RegExp(`^checksum: ${path} should have ${kind} \\w{12}…, what came has`))
    expect([...disk.files.keys()].filter((name) => !name.endsWith('.model'))).toEqual([])
    expect(await failure((await open()).read(path, ignore))).toBe('no error')
  })

  it('is refused in memory too', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, damage: true })
    expect(await failure((await open(undefined, { disk: null })).read(data, ignore))).toMatch(/^checksum: /)
  })

  it('a part that was damaged on the disk shows in the end', async () => {
    const { hub, disk, open } = await setUp()
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 }, { path: /content.*_data$/, cutAfter: 0, times: 3 })
    await failure((await open()).read(data, ignore))
    const [name, part] = [...disk.files].find(([, bytes]) => bytes.length === 100_000) ?? ['', new Uint8Array()]
    disk.files.set(
      name,
      part.map((byte, i) => (i === 50_000 ? byte ^ 1 : byte))
    )
    expect(await failure((await open()).read(data, ignore))).toMatch(/^checksum: /)
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
  })
})

describe('a folder without checksums', () => {
  it('does not join a part to another version', async () => {
    const { hub, openFolder } = await setUp()
    const files = await openFolder()
    hub.faults.push({ path: /plain.*_data$/, cutAfter: 100_000 }, { path: /plain.*_data$/, cutAfter: 0, times: 3 })
    expect(await failure(files.read(data, ignore))).toContain('broke off after 100 kB')
    const newer = noise(300_001).subarray(1)
    hub.repos[repo] = repoOf({ ...contents, [data]: newer })
    expect(same(await (await openFolder()).read(data, ignore), newer)).toBe(true)
  })

  it('takes a stored file of another version for what it is', async () => {
    const { hub, openFolder } = await setUp()
    await (await openFolder()).read(data, ignore)
    const newer = noise(300_001).subarray(1)
    hub.repos[repo] = repoOf({ ...contents, [data]: newer })
    expect(same(await (await openFolder()).read(data, ignore), newer)).toBe(true)
  })
})

it('a sink of unknown size grows', async () => {
  const sink = new MemorySink(0)
  for (let at = 0; at < weights.length; at += 7777) sink.write(weights.subarray(at, at + 7777))
  expect(same(sink.bytes(), weights)).toBe(true)
  await sink.restart(undefined)
  expect(sink.bytes()).toEqual(new Uint8Array())
})

it.each([
  [0, '0 bytes'],
  [999, '999 bytes'],
  [1500, '1.5 kB'],
  [98_700_000, '98.7 MB'],
  [123_456_789, '123 MB'],
  [1.25e9, '1.3 GB']
])('%d is %s', (size, text) => expect(inBytes(size)).toBe(text))
