import { describe, expect, it } from 'vitest'
import { deleteStored, listStored } from '../../../workers/stored/records'
import { repoOf } from '../../hub-repos'
import { contents, data, failure, graph, ignore, rangesOf, repo, same, setUp, weights } from './sources-setup'

describe('what is stored', () => {
  it('is listed with sizes, and a source that opens it again', async () => {
    const { hub, disk, open } = await setUp()
    const files = await open()
    expect(await listStored(disk)).toEqual([])
    await files.read(graph, ignore)
    hub.faults.push({ path: /content.*_data$/, cutAfter: 100_000 }, { path: /content.*_data$/, cutAfter: 0, times: 3 })
    await failure(files.read(data, ignore))
    const [model, ...more] = await listStored(disk)
    expect(more).toEqual([])
    expect(model).toMatchObject({ id: files.id, name: 'name', bytes: 105_000, partial: true, adapter: false })
    expect(model?.files).toEqual([{ path: graph, size: 5000 }])
    expect(model?.source).toEqual({ kind: 'hub', repo, endpoint: hub.url, revision: files.id.split('@')[1] })
  })

  it('is deleted without a trace', async () => {
    const { disk, open } = await setUp()
    const files = await open()
    await files.read(graph, ignore)
    await deleteStored(files.id, disk)
    expect(disk.files.size).toBe(0)
    disk.files.set(`git-${'0'.repeat(40)}`, weights)
    await deleteStored('hub:no/such@1', disk)
    expect(disk.files.size).toBe(0)
  })

  it('stays where another model shares it', async () => {
    const { hub, disk, open } = await setUp()
    const first = await open()
    await first.read(data, ignore)
    hub.repos[repo] = repoOf({ ...contents, 'README.md': 'new' })
    const second = await open()
    await second.read(data, ignore)
    await deleteStored(first.id, disk)
    expect((await listStored(disk)).map(({ id, bytes }) => [id, bytes])).toEqual([[second.id, weights.length]])
    await second.read(data, ignore)
    expect(rangesOf(hub, data).length).toBe(1)
    await deleteStored(second.id, disk)
    expect(disk.used).toBe(0)
  })

  it('survives a record that is cut short', async () => {
    const { disk, open } = await setUp()
    const files = await open()
    await files.read(graph, ignore)
    for (const [name, bytes] of disk.files) if (name.endsWith('.json')) disk.files.set(name, bytes.subarray(0, 5))
    expect((await listStored(disk))[0]?.partial).toBe(true)
    expect(await files.read(graph, ignore)).toEqual(contents[graph])
  })
})

it('bytes of the right length and version are not whole until their checksum is written', async () => {
  const { disk, openFolder } = await setUp()
  await (await openFolder()).read(data, ignore)
  for (const [name, bytes] of disk.files) {
    if (bytes.length === weights.length) disk.files.set(name, new Uint8Array(bytes.length))
    const meta = Buffer.from(bytes).toString()
    if (name.endsWith('.json')) disk.files.set(name, Buffer.from(meta.replace('sha256', 'none')))
  }
  expect(same(await (await openFolder()).read(data, ignore), weights)).toBe(true)
})

describe('a disk that is full', () => {
  it('is noticed before the download', async () => {
    const { hub, disk, open } = await setUp()
    disk.capacity = 200_000
    const files = await open()
    const text = await failure(files.read(data, ignore))
    expect(text).toMatch(
      /^quota: onnx\/model_q4.onnx_data needs 300 kB more, this site may store 1\d\d kB: delete a stored model/
    )
    expect(rangesOf(hub, data)).toEqual([])
  })

  it('is noticed before the download also where the estimate claims too much, as in Chromium', async () => {
    const { hub, disk, open } = await setUp()
    disk.capacity = 200_000
    disk.claims = 1e9
    const text = await failure((await open()).read(data, ignore))
    expect(text).toMatch(/_data needs 300 kB more, the browser lets this site store less: delete a stored model/)
    expect(rangesOf(hub, data)).toEqual([])
  })

  it('is noticed while writing, keeps the part and goes on when there is room', async () => {
    const { hub, disk, open } = await setUp()
    disk.capacity = 200_000
    disk.claims = 1e9
    disk.blind = true
    const files = await open()
    expect(await failure(files.read(data, ignore))).toMatch(/^quota: onnx\/model_q4.onnx_data needs 1\d\d kB more/)
    disk.capacity = Infinity
    expect(same(await files.read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data).at(-1)).toMatch(/^bytes=\d+-$/)
  })

  it('that takes nothing at all is read around', async () => {
    const { disk, open } = await setUp()
    disk.readOnly = true
    expect(same(await (await open()).read(data, ignore), weights)).toBe(true)
    expect(disk.files.size).toBe(0)
  })
})
