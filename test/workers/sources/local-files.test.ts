import { describe, expect, it } from 'vitest'
import { webFiles } from '../../../workers/sources/sources'
import { contents, data, failure, ignore, same, weights } from './sources-setup'

const open = (names: Readonly<Record<string, Uint8Array | string>>): ReturnType<typeof webFiles> =>
  webFiles(
    {
      kind: 'files',
      name: 'chosen',
      files: Object.entries(names).map(([path, part]) => ({
        path,
        blob: new Blob([Uint8Array.from(Buffer.from(part))])
      }))
    },
    ignore
  )
const below = (folder: string): Record<string, Uint8Array | string> =>
  Object.fromEntries(Object.entries(contents).map(([path, content]) => [folder + path, content]))

describe('a folder from this machine', () => {
  it.each(['', 'name/', 'models/name/'])('opens with its files below "%s"', async (folder) => {
    const files = await open({ ...below(folder), 'other.txt': '' })
    expect(files.id).toBe('files:chosen')
    expect(files.name).toBe(folder === '' ? 'chosen' : 'name')
    expect((await files.list()).get(data)).toBe(weights.length)
    expect(same(await files.read(data, ignore), weights)).toBe(true)
    expect((await files.sample(data, 200_000, 4)).bytes).toEqual(
      new Uint8Array([...weights.subarray(0, 4), ...weights.subarray(200_000, 200_004)])
    )
    expect(await failure(files.read('none', ignore))).toContain('format: chosen has no none among its')
  })

  it('says what is wrong with the choice', async () => {
    expect(await failure(open({}))).toMatch(/^format: chosen is empty: choose the folder that holds config.json/)
    expect(await failure(open({ 'model.onnx': 'x' }))).toMatch(/^format: chosen has no config.json among its 1 files/)
    expect(await failure(open({ ...below('a/'), ...below('b/') }))).toMatch(
      /^format: chosen holds several models, a\/ and b\//
    )
  })

  it('takes the topmost model', async () => {
    expect((await (await open({ ...below(''), ...below('old/') })).list()).size).toBe(16)
  })
})

it('a folder by its path is for Node', async () => {
  expect(await failure(webFiles({ kind: 'folder', path: '/x' }, ignore))).toMatch(/^format: a folder by its path/)
})
