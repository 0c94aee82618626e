/** Everything that reads what strangers made: by name, with whole files to damage and the ways to damage them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from '../../../src/errors'
import { readDirections, writeDirections } from '../../../src/direction/files/files'
import { readHiddenStates, writeHiddenStates } from '../../../src/direction/files/hidden-files'
import { readControlVector } from '../../../src/formats/control-vector'
import { readGguf } from '../../../src/formats/gguf'
import { readNpy } from '../../../src/formats/npy'
import { readTorchPickle } from '../../../src/formats/arrays/torch'
import { readPeft } from '../../../src/formats/peft'
import { readPrompts } from '../../../src/formats/prompts'
import { parseJson } from '../../../src/formats/schema'
import { utf8 } from '../../../src/formats/text'
import { readSafetensors, readSafetensorsMetadata, tensorFloats } from '../../../src/formats/safetensors'
import { readZip } from '../../../src/formats/zip'
import { instrument } from '../../../src/onnx/instrument'
import { readSource } from '../../../src/state/models/source-id'
import { memoryJournal } from '../../../src/study/journal'
import type { Run } from '../../../src/study/run'
import { readRows } from '../../../src/study/files/answer-rows'
import { readRunDocument, runDocument } from '../../../src/study/files/run-document'
import { bundleFiles, readBundle, writeBundle } from '../../../src/study/files/bundle'
import { packJournal, unpackJournal } from '../../../src/study/files/journal-file'
import { readSettings } from '../../../src/study/files/settings-document'
import { parseModelJson, readConfig } from '../../../workers/config'
import { webFiles } from '../../../workers/sources/sources'
import { Tokens } from '../../../workers/tokens'
import { graphPath, loadFixture } from '../../fixtures'
import { directions, hidden, npyKinds, npyName, sampleFiles } from '../../formats/samples'
import { sampleRun } from '../../study/samples/sample-run'
import { anyChange, textChange, type Change } from './changes'
import { noFindings } from '../../study/samples/no-findings'

type Bytes = Uint8Array<ArrayBuffer>

export interface Reader {
  readonly seeds: () => readonly Bytes[] | Promise<readonly Bytes[]>
  readonly changes: readonly Change[]
  /** Takes some tenths of a second a file: fewer are tried where there is little time. */
  readonly isSlow?: true
  /** Throws a LabError for what it cannot read, and nothing else. */
  readonly read: (file: Bytes) => unknown
}

const fixtures = join(import.meta.dirname, '..', '..', 'fixtures')
const models = join(import.meta.dirname, '..', '..', '..', 'public', 'models')
const file = (...path: readonly string[]): Bytes => new Uint8Array(readFileSync(join(...path)))
const sample = (name: string): Bytes => sampleFiles().find((one) => one.name === name)?.bytes ?? new Uint8Array()
const encoded = (text: string): Bytes => new TextEncoder().encode(text)
const decoded = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const text = (seeds: readonly string[], read: (text: string) => unknown): Reader => ({
  seeds: () => seeds.map(encoded),
  changes: textChange,
  read: (bytes) => read(decoded(bytes))
})

const adapter = join(fixtures, 'adapters', 'rslora-regex')
const peftConfig = file(adapter, 'adapter_config.json')
const peftWeights = file(adapter, 'adapter_model.safetensors')
/** What an adapter's config decides is asked for each module of a model, too. */
const readAdapter = (config: Uint8Array, weights: Uint8Array): unknown => readPeft(decoded(config), weights).missing(2)

const messages = [{ role: 'user', content: 'What is a goat?' }] as const
const qwen = join(models, 'qwen2')
const tokenizer = (json: string, config: string): unknown =>
  new Tokens({ tokenizer: json, config, template: undefined }).encode({ messages }, 100_000)

const whole = sampleRun('llama')
/** A run of few answers: the same fields, in a hundredth of the time. */
const run: Run = { ...whole, answers: whole.answers.slice(0, 40) }
const extra = { directions: new Map([['a', directions]]), tensors: new Map(), pages: new Map() }
const bundle = once(async () => Uint8Array.from(await writeBundle(run, noFindings, extra)))
const bundleFile = async (path: string): Promise<Bytes> =>
  Uint8Array.from((await bundleFiles(run, noFindings, extra)).find((one) => one.path === path)?.bytes ?? [])

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | null = null
  return () => (made ??= make())
}

const journal = once(async (): Promise<Bytes> => {
  const cells = memoryJournal()
  await cells.write('settings', { json: run.settings })
  await cells.write('scores/a', { json: null, floats: Float32Array.of(1, NaN, 3) })
  await cells.write('answers/a', { json: { prompts: [{ texts: ['a'], text: [0], tokens: [1] }] }, seconds: 2 })
  return packJournal(cells)
})

/** What a server says, in place of one. */
async function served(
  answer: (url: string) => string | Uint8Array<ArrayBuffer>,
  source: Parameters<typeof webFiles>[0]
): Promise<unknown> {
  const before = globalThis.fetch
  globalThis.fetch = (url) => {
    const body = answer(String(url instanceof Request ? url.url : url))
    return Promise.resolve(new Response(body, { status: body === '' ? 404 : 200 }))
  }
  try {
    const files = await webFiles(source, () => undefined, { disk: null })
    return await files.list()
  } finally {
    globalThis.fetch = before
  }
}

const commit = 'a'.repeat(40)
const hubListing = JSON.stringify([
  { type: 'file', path: 'config.json', size: 22, oid: 'b'.repeat(40) },
  { type: 'file', path: 'onnx/model_q4.onnx', size: 5000, oid: commit, lfs: { oid: 'c'.repeat(64), size: 5000 } },
  { type: 'directory', path: 'onnx', oid: commit }
])
const isListing = (url: string): boolean => url.includes('/tree/')

/** What is read has a prompt, and each ends with a question. */
const prompts = (name: string, seed: string): Reader => ({
  ...text([seed], () => undefined),
  read: (bytes) => {
    const read = readPrompts(name, bytes).prompts
    if (read.length === 0 || read.some(({ messages }) => messages.at(-1)?.role !== 'user'))
      throw new Error('a prompt that asks nothing')
  }
})

/** By the name that `npm run fuzz -- NAME` takes. */
export const readers: Readonly<Record<string, Reader>> = {
  safetensors: {
    seeds: () => ['plain.safetensors', 'directions.safetensors', 'hidden.safetensors'].map(sample),
    changes: anyChange,
    read: (bytes) => [
      readSafetensorsMetadata(bytes),
      [...readSafetensors(bytes)].map(([name, tensor]) => (tensor.dtype === 'F32' ? tensorFloats(name, tensor) : null))
    ]
  },
  npy: { seeds: () => npyKinds.map((kind) => sample(npyName(kind))), changes: anyChange, read: readNpy },
  gguf: {
    seeds: () => [
      sample('container.gguf'),
      sample('directions.gguf'),
      file(fixtures, 'formats', 'python', 'repeng.gguf')
    ],
    changes: anyChange,
    read: readGguf
  },
  'control-vector': {
    seeds: () => [sample('directions.gguf'), file(fixtures, 'formats', 'python', 'repeng.gguf')],
    changes: anyChange,
    read: readControlVector
  },
  pickle: {
    seeds: () =>
      ['torch-legacy.pt', 'torch.pkl', 'numpy-2.pkl', 'numpy-5.pkl'].map((name) =>
        file(fixtures, 'formats', 'python', name)
      ),
    changes: anyChange,
    read: (bytes) => readTorchPickle(bytes, 'x.pt')
  },
  directions: {
    seeds: () =>
      (['json', 'safetensors', 'gguf'] as const).flatMap((format) =>
        writeDirections(directions, { format, name: 'x' }).map(({ bytes }) => bytes)
      ),
    changes: anyChange,
    read: (bytes) => readDirections([{ name: 'x', bytes }])
  },
  'directions-npy': {
    seeds: () => [writeDirections(directions, { format: 'npy', name: 'x' })[1]?.bytes ?? new Uint8Array()],
    changes: textChange,
    read: (bytes) => {
      const [npy] = writeDirections(directions, { format: 'npy', name: 'x' })
      return readDirections([
        { name: 'x.npy', bytes: npy?.bytes ?? new Uint8Array() },
        { name: 'x.json', bytes }
      ])
    }
  },
  'hidden-states': {
    seeds: () =>
      (['json', 'safetensors'] as const).flatMap((format) =>
        writeHiddenStates(hidden, { format, name: 'x' }).map(({ bytes }) => bytes)
      ),
    changes: anyChange,
    read: (bytes) => readHiddenStates([{ name: 'x', bytes }])
  },
  'adapter-config': {
    seeds: () => [peftConfig],
    changes: textChange,
    read: (bytes) => readAdapter(bytes, peftWeights)
  },
  'adapter-weights': {
    seeds: () => [peftWeights],
    changes: anyChange,
    read: (bytes) => readAdapter(peftConfig, bytes)
  },
  'prompts-txt': prompts('a.txt', 'What is rain?\nWhy do cats purr?\n\nWrite a poem about the sea.\n'),
  'prompts-jsonl': prompts(
    'a.jsonl',
    '{"messages": [{"role": "user", "content": "Hi \\u00e4"}, {"role": "assistant", "content": "x"}]}\n{"prompt": "b", "id": 2}\n'
  ),
  'prompts-json': prompts('a.json', '{"questions": [{"id": "q", "paraphrases": ["a", "b"], "system": null}, "c"]}'),
  'prompts-csv': prompts('a.csv', 'id,prompt,system\n1,"Why, ""oh"" why?\nPlease.",\n2,What?,Be brief.\n'),
  'prompts-tsv': prompts('a.tsv', 'prompt\tid\nOne, two\t1\n"Three\tfour"\t2\n'),
  'prompts-yaml': prompts(
    'a.yaml',
    '- id: q\n  paraphrases: &p\n    - a\n    - |-\n      b\n      c\n  judge: &j {x: 1}\n- paraphrases: *p\n  system: "s"\n  judge: *j\n'
  ),
  zip: {
    isSlow: true,
    seeds: async () => [await bundle(), await journal()],
    changes: anyChange,
    read: (bytes) => readZip(bytes, () => 1 << 24, 1 << 26)
  },
  bundle: { isSlow: true, seeds: async () => [await bundle()], changes: anyChange, read: readBundle },
  'bundle-run': {
    seeds: async () => [await bundleFile('run.json')],
    changes: textChange,
    read: (bytes) => readRunDocument(parseJson(utf8(bytes, 'run.json'), 'run.json'), 'run.json')
  },
  'bundle-rows': {
    seeds: async () => [await bundleFile('rows.jsonl')],
    changes: textChange,
    read: (bytes) => readRows(bytes, runDocument(run))
  },
  settings: {
    seeds: () => [encoded(JSON.stringify(run.settings))],
    changes: textChange,
    read: (bytes) => readSettings(parseJson(decoded(bytes), 'settings.json'), 'settings.json')
  },
  journal: { isSlow: true, seeds: async () => [await journal()], changes: anyChange, read: unpackJournal },
  link: text(['hub:owner/name@v2', 'url:https://host.invalid/a/model', 'bundled:models/qwen2'], (link) => {
    const source = readSource(link, null)
    if (source === null) throw new LabError('format', 'no source')
  }),
  'model-config': {
    seeds: () => ['llama-genai', 'gemma3-genai'].map((name) => file(fixtures, name, 'config.json')),
    changes: textChange,
    read: (bytes) => readConfig(parseModelJson(decoded(bytes), 'config.json'), undefined)
  },
  tokenizer: {
    seeds: () => [file(qwen, 'tokenizer.json')],
    changes: textChange,
    read: (bytes) => tokenizer(decoded(bytes), decoded(file(qwen, 'tokenizer_config.json')))
  },
  'tokenizer-config': {
    seeds: () => [file(qwen, 'tokenizer_config.json')],
    changes: textChange,
    read: (bytes) => tokenizer(decoded(file(qwen, 'tokenizer.json')), decoded(bytes))
  },
  graph: {
    seeds: () => ['llama-genai', 'mistral-genai'].map((name) => file(graphPath(loadFixture(name), 'fp32'))),
    changes: anyChange,
    read: (bytes) => instrument(bytes, { read: true, write: 'affine', adapt: true, select: true }, 'model.onnx')
  },
  'hub-listing': text([hubListing], (listing) =>
    served((url) => (isListing(url) ? listing : `{"sha":"${commit}"}`), {
      kind: 'hub',
      repo: 'owner/name',
      endpoint: 'http://hub.invalid'
    })
  ),
  'folder-listing': text(['[{"path":"config.json","size":22},{"path":"onnx/model.onnx","size":9}]'], (listing) =>
    served((url) => (url.endsWith('files.json') ? listing : url.includes('config.json') ? '{}' : ''), {
      kind: 'url',
      url: 'http://host.invalid/model'
    })
  )
}
