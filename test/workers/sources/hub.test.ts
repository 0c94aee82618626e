import { describe, expect, it } from 'vitest'
import type { Progress } from '../../../src/lab/api'
import { contents, data, failure, graph, ignore, rangesOf, repo, same, setUp, weights } from './sources-setup'
import { repoOf } from '../../hub-repos'

const commit = repoOf(contents).commit

describe('a hub repository', () => {
  it('lists all pages, at the commit that main means', async () => {
    const { hub, open } = await setUp()
    const files = await open()
    expect(files.id).toBe(`hub:${repo}@${commit}`)
    expect(files.name).toBe('name')
    const sizes = Object.entries(contents).map(([path, content]) => [path, Buffer.byteLength(content)])
    expect([...(await files.list())]).toEqual(sizes)
    expect(hub.seen.filter(({ path }) => path.includes('/tree/')).length).toBe(3)
    expect(await files.folder([graph], ignore)).toBeUndefined()
  })

  it('reads through the redirect, with progress up to the last byte', async () => {
    const { open } = await setUp()
    const files = await open()
    const seen: Progress[] = []
    expect(same(await files.read(data, (progress) => seen.push(progress)), weights)).toBe(true)
    const total = weights.length
    expect(seen.filter(({ stage }) => stage === 'download').at(-1)).toEqual({
      stage: 'download',
      unit: 'bytes',
      file: data,
      done: total,
      total
    })
    expect(new TextDecoder().decode(await files.read('a folder/ä #?.txt', ignore))).toBe('odd name')
  })

  it('samples what fingerprint wants', async () => {
    const { open } = await setUp()
    const { size, bytes } = await (await open()).sample(data, 100_000, 10)
    expect(size).toBe(weights.length)
    expect(bytes).toEqual(
      new Uint8Array([0, 1, 2].flatMap((i) => [...weights.subarray(i * 100_000, i * 100_000 + 10)]))
    )
  })

  it('takes a revision with a slash, and a commit', async () => {
    const { hub, open } = await setUp()
    expect((await open({ revision: 'refs/pr/1' })).id).toBe(`hub:${repo}@${commit}`)
    const before = hub.seen.length
    expect((await open({ revision: commit })).id).toBe(`hub:${repo}@${commit}`)
    expect(hub.seen.slice(before).some(({ path }) => path.includes('/revision/'))).toBe(false)
  })

  it('downloads once: the second open reads what is stored', async () => {
    const { hub, open } = await setUp()
    await (await open()).read(data, ignore)
    await (await open()).read(data, ignore)
    expect(rangesOf(hub, data)).toEqual([undefined])
  })

  it('downloads once when two ask at the same time', async () => {
    const { hub, open } = await setUp()
    const files = await open()
    await Promise.all([files.read(data, ignore), files.read(data, ignore)])
    expect(rangesOf(hub, data)).toEqual([undefined])
  })

  it('keeps what a new commit did not change', async () => {
    const { hub, open } = await setUp()
    await (await open()).read(data, ignore)
    hub.repos[repo] = repoOf({ ...contents, 'README.md': 'new' })
    const files = await open()
    expect(files.id).not.toContain(commit)
    expect(same(await files.read(data, ignore), weights)).toBe(true)
    expect(rangesOf(hub, data).length).toBe(1)
  })

  it('asks no host but the endpoint, whatever the links say', async () => {
    const { hub, open } = await setUp()
    expect((await (await open()).list()).size).toBe(Object.keys(contents).length)
    expect(hub.seen.length).toBeGreaterThan(2)
  })
})

describe('a token', () => {
  const gated = { [repo]: 'hf_secret' }

  it('opens a gated repository and is sent to the endpoint', async () => {
    const { open } = await setUp({ gated })
    const files = await open({ token: 'hf_secret' })
    expect(same(await files.read(data, ignore), weights)).toBe(true)
  })

  it('is never stored', async () => {
    const { disk, open } = await setUp({ gated })
    await (await open({ token: 'hf_secret' })).read(graph, ignore)
    for (const bytes of disk.files.values()) expect(Buffer.from(bytes).includes('hf_secret')).toBe(false)
  })

  it('is asked for when there is none, or a wrong one, and never told', async () => {
    const { hub, open } = await setUp({ gated })
    const way = `check the name; for a private or gated model accept its licence on ${hub.url}/${repo} and give a token`
    expect(await failure(open())).toContain(
      `network: ${repo} at revision main may not be read (HTTP 401): ${way} with access`
    )
    const wrong = await failure(open({ token: 'hf_wrong' }))
    expect(wrong).toContain('that has access')
    expect(wrong).not.toContain('hf_wrong')
    const broken = await failure(open({ token: 'hf_a\nb' }))
    expect(broken).toMatch(/^format: a token/)
    expect(broken).not.toContain('hf_a')
  })
})

describe('a hub that does not answer as hoped', () => {
  it('names a missing repository, revision and file', async () => {
    const { open } = await setUp()
    expect(await failure(open({ repo: 'owner/nmae' }))).toBe(
      'network: owner/nmae at revision main does not exist (HTTP 404): check the name and the revision, or choose another model'
    )
    expect(await failure(open({ revision: 'v2' }))).toContain(`${repo} at revision v2 does not exist`)
    expect(await failure((await open()).read('onnx/model.onnx', ignore))).toContain('name has no onnx/model.onnx')
    expect(await failure(open({ repo: 'https://huggingface.co/a/b' }))).toMatch(/^format: a repository was expected/)
  })

  it('waits when it is told to', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /revision/, status: 429, headers: { 'Retry-After': '1' } })
    const began = performance.now()
    await open()
    expect(performance.now() - began).toBeGreaterThan(900)
  })

  it('tells a long wait instead', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /revision/, status: 429, headers: { 'Retry-After': '300' } })
    expect(await failure(open())).toMatch(/^network: 127.0.0.1:\d+ wants fewer requests \(HTTP 429\).* in 300 s$/)
  })

  it('asks again after a server error, and gives up in words', async () => {
    const { hub, open } = await setUp()
    hub.faults.push({ path: /revision/, status: 503, times: 2 })
    await open()
    hub.faults.push({ path: /tree/, status: 503, times: 99 })
    expect(await failure(open(undefined, { disk: null }))).toContain(
      'answered HTTP 503: the server is in trouble, try again later'
    )
  })

  it('tells a web page from a file and from a listing', async () => {
    const { hub, open } = await setUp()
    const files = await open()
    hub.faults.push({ path: /content/, page: true })
    expect(await failure(files.read(data, ignore))).toMatch(
      /^format: onnx\/model_q4.onnx_data of owner\/name should be a file/
    )
    hub.faults.push({ path: /tree/, status: 200 })
    expect(await failure(open(undefined, { disk: null }))).toContain('did not answer as the Hugging Face hub does')
  })

  it('says so when nobody answers', async () => {
    const { open, hub } = await setUp()
    await hub.close()
    expect(await failure(open())).toMatch(/^network: 127.0.0.1:\d+ gave no answer: check the connection/)
  })
})

describe('without its hub', () => {
  it('a stored model opens, with the files that are whole', async () => {
    const { hub, open } = await setUp()
    const files = await open()
    for (const path of ['config.json', graph, data]) await files.read(path, ignore)
    await hub.close()
    const again = await open()
    expect(again.id).toBe(files.id)
    expect([...(await again.list()).keys()]).toEqual(['config.json', graph, data])
    expect(same(await again.read(data, ignore), weights)).toBe(true)
    expect(await failure(again.read('tokenizer.json', ignore))).toContain(
      'was not stored and the server cannot be reached'
    )
    expect((await open({ revision: commit })).id).toBe(files.id)
    expect(await failure(open({ revision: 'other' }))).toContain('gave no answer')
  })

  it('main stays known after the same commit was opened by its name', async () => {
    const { hub, open } = await setUp()
    await (await open()).read(graph, ignore)
    await open({ revision: commit })
    await hub.close()
    expect((await open()).id).toContain(commit)
  })
})
