import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { complaint, findCycle, importsOf, readSources, workerComplaint } from './imports'

const sources = readSources(resolve(import.meta.dirname, '..'))
const imports = [...sources].flatMap(([from, text]) => importsOf(from, text, (path) => sources.has(path)))

describe('the direction of imports', () => {
  it('sees the code', () => {
    expect(sources.size).toBeGreaterThan(10)
    expect(imports).toContainEqual({ from: 'src/lab/api.ts', name: '../onnx/plan', to: 'src/onnx/plan.ts' })
  })

  it('only points up the list', () => {
    expect(imports.map(complaint).filter(Boolean)).toEqual([])
  })

  it('has no circle', () => {
    expect(findCycle(imports)).toBeNull()
  })

  it('lets only src/lab/connect name a worker', () => {
    expect([...sources].map(([from, text]) => workerComplaint(from, text)).filter(Boolean)).toEqual([])
  })
})

describe('the page', () => {
  const isType = /^ *(import|export) type [^;]*? from '[^']*'$/gm
  const next = new Map<string, readonly string[]>()
  for (const [from, text] of sources) {
    const found = importsOf(from, text.replace(isType, ''), (path) => sources.has(path))
    next.set(
      from,
      found.flatMap(({ to }) => to ?? [])
    )
  }
  const reached = (entry: string): ReadonlySet<string> => {
    const seen = new Set([entry])
    for (const file of seen) for (const to of next.get(file) ?? []) seen.add(to)
    return seen
  }
  /** Of files in formats that Azimuth does not write itself. */
  const readers = [
    ...['prompts.ts', 'prompts/file.ts', 'prompts/yaml.ts', 'prompts/table.ts', 'prompts/parquet.ts'],
    ...['arrays/torch.ts', 'arrays/pickle.ts']
  ].map((path) => `src/formats/${path}`)

  it('has no reader of strange files in its thread', () => {
    const page = reached('src/main.ts')
    expect(page.size).toBeGreaterThan(100)
    expect(readers.filter((path) => page.has(path))).toEqual([])
  })

  it('has them all in one worker', () => {
    const worker = reached('workers/read/files.ts')
    expect(readers.filter((path) => !worker.has(path))).toEqual([])
    expect([...worker].filter((path) => /\.svelte(\.ts)?$/.test(path))).toEqual([])
  })
})

describe('the check itself', () => {
  const files = ['src/errors.ts', 'src/onnx/plan.ts', 'src/lab/api.ts', 'src/ui/Chat.svelte', 'workers/model.ts']
  const check = (from: string, text: string): readonly (string | null)[] =>
    importsOf(from, text, (path) => files.includes(path)).map(complaint)

  it.each([
    ['a package that is the engine', 'src/onnx/a.ts', `import { env } from 'onnxruntime-web/webgpu'`],
    ['a tokenizer in the page', 'src/lab/a.ts', `const hub = await import('@huggingface/transformers')`],
    ['a Node module in a pure folder', 'src/formats/a.ts', `import { readFile } from 'node:fs/promises'`],
    ['a framework in a pure folder', 'src/direction/a.ts', `export { untrack } from 'svelte'`],
    ['a place below', 'src/onnx/a.ts', `import type { Dtype } from '../lab/api'`],
    ['the page in a worker', 'workers/a.ts', `import '../src/ui/Chat.svelte'`],
    ['a worker in the page', 'src/lab/connect/connect.ts', `import { api } from '../../workers/model'`],
    ['a worker in a component', 'src/ui/A.svelte', `<p>a</p><script lang="ts">import '../../workers/model'</script>`],
    ['a file that has no place', 'src/odd/a.ts', `import '../errors'`]
  ])('refuses %s', (_, from, text) => {
    expect(check(from, text)).toEqual([expect.any(String)])
  })

  it.each([
    ['src/onnx/a.ts', `import { LabError } from '../errors'`],
    [
      'src/ui/A.svelte',
      `<script lang="ts">import type { Dtype } from '../lab/api'\nimport B from './Chat.svelte'</script>`
    ],
    ['workers/a.ts', `import type { Plan } from '../src/onnx/plan'\nimport 'onnxruntime-web/wasm'\nimport 'comlink'`]
  ])('allows %s %s', (from, text) => {
    expect(check(from, text).filter(Boolean)).toEqual([])
  })

  it('refuses a worker address outside connect', () => {
    expect(workerComplaint('src/ui/a.ts', `new URL('../../workers/model.ts', import.meta.url)`)).not.toBeNull()
    expect(
      workerComplaint('src/lab/connect/connect.ts', `new URL('../../workers/model.ts', import.meta.url)`)
    ).toBeNull()
  })

  it('finds a circle', () => {
    const edge = (from: string, to: string): { from: string; name: string; to: string } => ({ from, name: to, to })
    expect(findCycle([edge('a', 'b'), edge('b', 'c'), edge('c', 'b')])).toEqual(['b', 'c', 'b'])
    expect(findCycle([edge('a', 'b'), edge('a', 'c'), edge('b', 'c')])).toBeNull()
  })
})
