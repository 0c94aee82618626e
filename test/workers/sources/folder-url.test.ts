import { describe, expect, it } from 'vitest'
import { webFiles } from '../../../workers/sources/sources'
import { repoOf } from '../../hub-repos'
import { contents, data, failure, graph, ignore, patience, repo, same, setUp, weights } from './sources-setup'

const known = Object.keys(contents).filter((path) => !path.startsWith('a folder'))

describe('a folder on a server', () => {
  it('has the known names that exist, with their sizes', async () => {
    const { hub, openFolder } = await setUp()
    const files = await openFolder()
    expect(files.id).toBe(`url:${hub.url}/plain/${repo}/`)
    const list = await files.list()
    expect([...list.keys()].sort()).toEqual([...known].sort())
    expect(list.get(data)).toBe(weights.length)
    expect(same(await files.read(data, ignore), weights)).toBe(true)
  })

  it('takes a web page for a missing file', async () => {
    const { openFolder } = await setUp({ pagesForMissing: true })
    expect([...(await (await openFolder()).list()).keys()].sort()).toEqual([...known].sort())
  })

  it('asks with GET where HEAD is refused', async () => {
    const { hub, openFolder } = await setUp()
    hub.faults.push({ path: /_data$/, status: 405 })
    expect((await (await openFolder()).list()).get(data)).toBe(weights.length)
  })

  it('believes files.json', async () => {
    const files = [...Object.keys(contents), 'gone.json'].map((path) => ({ path, size: 1 }))
    const { openFolder } = await setUp({
      repos: { [repo]: repoOf({ ...contents, 'files.json': JSON.stringify(files) }) }
    })
    const opened = await openFolder()
    expect([...(await opened.list()).keys()].sort()).toEqual(Object.keys(contents).sort())
    expect(await opened.read('a folder/ä #?.txt', ignore)).toHaveLength(8)
  })

  it('finds graphs beside config.json, and the weights of genai exports', async () => {
    const flat = { 'config.json': '{}', 'model.onnx': 'graph', 'model.onnx.data': 'weights' }
    const { openFolder } = await setUp({ repos: { [repo]: repoOf(flat) } })
    expect([...(await (await openFolder()).list()).keys()]).toEqual(Object.keys(flat))
  })

  it('opens from the store without its server', async () => {
    const { hub, openFolder } = await setUp()
    const files = await openFolder()
    for (const path of ['config.json', graph]) await files.read(path, ignore)
    await hub.close()
    const again = await openFolder()
    expect([...(await again.list()).keys()]).toEqual(['config.json', graph])
    expect(await again.read(graph, ignore)).toEqual(contents[graph])
  })

  it('says what is wrong with an address', async () => {
    const { hub } = await setUp()
    const at = (url: string): Promise<string> =>
      failure(webFiles({ kind: 'url', url }, ignore, { disk: null, patience }))
    expect(await at(`${hub.url}/plain/owner/other`)).toBe(
      'network: config.json in other does not exist (HTTP 404): check the address of the folder, it must hold config.json and onnx/model_q4.onnx or the like'
    )
    expect(await at('models/x')).toMatch(/^format: the address of a folder was expected/)
    expect(await at('https://me:secret@host/x')).not.toContain('secret')
    hub.faults.push({ path: /config.json/, status: 403, times: 99 })
    expect(await at(`${hub.url}/plain/${repo}`)).toContain(
      'config.json in name may not be read (HTTP 403): choose a folder'
    )
  })
})

describe('a bundled model', () => {
  const index = [{ name: 'owner/name', files: [{ path: 'config.json', size: 22 }] }]

  it('is in the list of models, or says what it has itself', async () => {
    const { hub } = await setUp()
    hub.repos['models/organism'] = repoOf({ 'config.json': '{"a":1}', 'onnx/model.onnx': 'graph' })
    hub.repos['models/none'] = repoOf({})
    const open = async (name: string): Promise<string[]> => {
      const files = await webFiles({ kind: 'bundled', name }, ignore, { appBase: `${hub.url}/plain/`, patience })
      expect(files.id).toBe(`bundled:${name}`)
      return [...(await files.list()).keys()]
    }
    expect(await open('organism')).toEqual(['config.json', 'onnx/model.onnx'])
    expect(await failure(open('none'))).toBe(
      'network: none is not among the models of this page: choose one from the list'
    )
  })

  it('comes with the list of the page', async () => {
    const { hub } = await setUp({
      repos: {
        'x/models': repoOf({ 'index.json': JSON.stringify(index), 'owner/name/config.json': '{"model_type":"llama"}' })
      }
    })
    const files = await webFiles({ kind: 'bundled', name: repo }, ignore, { appBase: `${hub.url}/plain/x/`, patience })
    expect([...(await files.list())]).toEqual([['config.json', 22]])
    expect(await files.read('config.json', ignore)).toHaveLength(22)
    expect(hub.seen.map(({ path }) => path)).toEqual([
      '/plain/x/models/index.json',
      '/plain/x/models/owner/name/config.json'
    ])
  })
})
