/** A model in a real worker thread, across comlink: results, errors, death. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { connectModel, type WorkerPort } from '../../src/lab/connect/connect'
import { captureAll } from '../../src/lab/loops'
import { spawnNodeWorker } from '../../workers/spawn-node'
import { loadFixture } from '../fixtures'
import { wordTokenizer } from '../word-tokenizer'

const { folder, reference } = loadFixture('llama-genai')
const [prompt = []] = reference.prompts
const rows = [{ prompt: { ids: prompt } }]
const greedy = { maxTokens: 12, sampling: { temperature: 0 } }
let path = ''

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'azimuth-'))
  await cp(folder, path, { recursive: true })
  for (const [file, text] of Object.entries(wordTokenizer(reference.vocab))) await writeFile(join(path, file), text)
})

afterAll(() => rm(path, { recursive: true }))

describe('a model in a worker thread', () => {
  it('generates as PyTorch does and streams its tokens', async () => {
    const model = connectModel(spawnNodeWorker)
    const info = await model.open({ kind: 'folder', path }, { dtype: 'fp32' })
    expect(info).toMatchObject({ family: 'llama', layers: 3, width: 64, device: 'cpu' })
    const seen: number[] = []
    const { completions } = await model.generate(rows, greedy, (events) => seen.push(...events.map(({ id }) => id)))
    expect(completions[0]?.ids).toEqual(reference.greedy.none[0])
    await expect.poll(() => seen).toEqual(reference.greedy.none[0])
    await model.close()
  })

  it('keeps the code of an error across the boundary, and goes on', async () => {
    const model = connectModel(spawnNodeWorker)
    await expect(model.open({ kind: 'folder', path: join(path, 'nowhere') }, {})).rejects.toSatisfy(
      (error) => error instanceof LabError && error.code === 'format'
    )
    await model.open({ kind: 'folder', path }, { dtype: 'q4' })
    await expect(model.generate([], greedy)).rejects.toMatchObject({ code: 'shape' })
    expect((await model.capture(rows, 'last')).rows).toBe(1)
    await model.close()
  })

  it('says so when the thread ends, leaves other models alone, and opens again with the next call', async () => {
    const ports: WorkerPort[] = []
    const spawn = (): WorkerPort => {
      const port = spawnNodeWorker()
      ports.push(port)
      return port
    }
    const model = connectModel(spawn)
    const other = connectModel(spawnNodeWorker)
    await Promise.all([
      model.open({ kind: 'folder', path }, { dtype: 'fp32' }),
      other.open({ kind: 'folder', path }, { dtype: 'fp32' })
    ])
    const lost = new Promise<LabError>((resolve) => model.onLost(resolve))
    ports[0]?.terminate()
    expect(await lost).toMatchObject({ code: 'worker-lost' })
    expect((await other.generate(rows, greedy)).completions[0]?.ids).toEqual(reference.greedy.none[0])
    expect((await model.generate(rows, greedy)).completions[0]?.ids).toEqual(reference.greedy.none[0])
    expect(ports).toHaveLength(2)
    await Promise.all([model.close(), other.close()])
  })

  it('that is stuck in a pattern of its tokenizer is ended on cancel, and opens again', async () => {
    const stuck = join(path, '..', `${basename(path)}-stuck`)
    await cp(path, stuck, { recursive: true })
    const tokenizer = JSON.parse(wordTokenizer(reference.vocab)['tokenizer.json'])
    const endless = { type: 'Split', pattern: { Regex: '(t+)+$' }, behavior: 'Isolated', invert: false }
    await writeFile(join(stuck, 'tokenizer.json'), JSON.stringify({ ...tokenizer, pre_tokenizer: endless }))
    const ports: WorkerPort[] = []
    const spawn = (): WorkerPort => {
      const port = spawnNodeWorker()
      ports.push(port)
      return port
    }
    const model = connectModel(spawn, 200)
    await model.open({ kind: 'folder', path: stuck }, { dtype: 'fp32' })
    const ended = new Promise<string>((resolve) => ports[0]?.onLost(resolve))
    const controller = new AbortController()
    const prompt = { text: `${'t'.repeat(40)}!` }
    const pending = captureAll(model, [{ prompt }], 'last', { signal: controller.signal })
    controller.abort()
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
    expect(await ended).toMatch(/^it ended with code/)
    expect((await model.generate(rows, greedy)).completions[0]?.ids).toEqual(reference.greedy.none[0])
    await model.close()
    await rm(stuck, { recursive: true })
  })
})
