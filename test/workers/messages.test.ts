/** What strangers write is quoted by at most 200 characters, on one line: names of files, of tensors and in archives, and what runtimes and servers say. */
import { describe, expect, it } from 'vitest'
import { readAnyDirections } from '../../src/direction/files/import'
import { readHiddenStates } from '../../src/direction/files/hidden-files'
import { readPeft } from '../../src/formats/peft'
import { writeNpy } from '../../src/formats/npy'
import { readPromptFile } from '../../src/formats/prompts/file'
import { floatTensor, writeSafetensors } from '../../src/formats/safetensors'
import { writeZip } from '../../src/formats/zip-write'
import { readZip } from '../../src/formats/zip'
import { kindOf } from '../../src/state/drop/file-kind'
import { openError } from '../../workers/open-error'
import { runError } from '../../workers/session'
import { defaultPatience } from '../../workers/sources/limits'
import { textOf } from '../../workers/sources/body'
import { readGiven } from '../../workers/host/given-file'

/** No quote of ours has so many of them in a row. */
const long = `${'x'.repeat(30)}\u202e\n${'x'.repeat(6000)}`
const text = (content: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(content)
const config = JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 2 })
const adapter = (names: readonly string[], data = new Float32Array(4)): Uint8Array =>
  writeSafetensors(new Map(names.map((name) => [name, floatTensor([2, 2], data)])))
const module = `base_model.model.model.layers.0.${long}`

const prompts: readonly (readonly [string, () => unknown])[] = ['jsonl', 'json', 'csv', 'tsv', 'yaml'].flatMap(
  (ending) =>
    ['', '\0', '{', '"a', `{"a":1}\n`, '{"prompt":['].map(
      (content) => [`prompts .${ending}`, () => readPromptFile(`${long}.${ending}`, text(content))] as const
    )
)
const cases: readonly (readonly [string, () => unknown])[] = [
  ...prompts,
  ['Parquet', () => readPromptFile(long, text('PAR1 nothing else'))],
  ['columns of JSON', () => readPromptFile('a.json', text(JSON.stringify({ prompt: ['a', 'b'], [long]: ['a'] })))],
  ...['', '{', '{"directions":1}', '[["a"]]', '{"vector":[1e999]}', '{"vector":[1],"layer":-1}'].map(
    (content) => ['directions', () => readAnyDirections([{ name: long, bytes: text(content) }])] as const
  ),
  [
    'directions in a zip',
    async () => readAnyDirections([{ name: long, bytes: await writeZip([{ path: 'a', bytes: text('a') }]) }])
  ],
  ['hidden states', () => readHiddenStates([{ name: long, bytes: text('{}') }])],
  ['a dropped file', () => kindOf({ name: long, files: [{ path: long, blob: new Blob(['\0']) }] })],
  ['a tensor that is no LoRA', () => readPeft(config, adapter([long]))],
  ['a module outside of the layers', () => readPeft(config, adapter([`${long}.lora_A.weight`]))],
  ['a module with one half', () => readPeft(config, adapter([`${module}.lora_A.weight`]))],
  [
    'a module of two adapters',
    () => readPeft(config, adapter(['a', 'b'].map((name) => `${module}.lora_A.${name}.weight`)))
  ],
  [
    'a module of another rank',
    () => readPeft(config.replace('2', '3'), adapter(['A', 'B'].map((side) => `${module}.lora_${side}.weight`)))
  ],
  [
    'a module of NaN',
    () =>
      readPeft(
        config,
        adapter(
          ['A', 'B'].map((side) => `${module}.lora_${side}.weight`),
          new Float32Array(4).fill(NaN)
        )
      )
  ],
  ['a path in a zip', async () => readZip(await writeZip([{ path: 'x'.repeat(250), bytes: text('aa') }]), () => 1)],
  [
    'an array of many axes',
    () => {
      const npy = writeNpy({ shape: [0, ...new Array<number>(31).fill(2 ** 40)], data: new Float32Array(0) })
      return readAnyDirections([{ name: 'a', bytes: Uint8Array.of(...npy, 0) }])
    }
  ],
  ...['No supported adapters', 'bad_alloc', 'mmap', 'kernel', ''].map(
    (said) =>
      [`a runtime that cannot open: ${said}`, () => Promise.reject(openError(new Error(`${long} ${said}`)))] as const
  ),
  ...['bad_alloc', 'device lost', ''].map(
    (said) => [`a runtime that fails: ${said}`, () => Promise.reject(runError(new Error(`${long} ${said}`)))] as const
  ),
  [
    'a server that breaks off',
    () => {
      const body = new ReadableStream({ start: (controller) => controller.error(new Error(long)) })
      return textOf(new Response(body), 'https://host.invalid/', { most: 10, patience: defaultPatience })
    }
  ],
  [
    'tensors of many axes',
    () => {
      const tensors = new Map([['hidden', floatTensor(new Array<number>(2000).fill(1), new Float32Array(1))]])
      return readAnyDirections([
        {
          name: 'a',
          bytes: writeSafetensors(
            new Map([['a', floatTensor([...new Array<number>(500).fill(2), 0, 2], new Float32Array(0))], ...tensors])
          )
        }
      ])
    }
  ],
  ['a file on the command line', () => readGiven(long, 1, 'a file')]
]

describe('an error quotes at most 200 characters, on one line', () => {
  it.each(cases)('%s', async (_, read) => {
    const error: unknown = await Promise.resolve()
      .then(read)
      .catch((cause: unknown) => cause)
    expect(error).toMatchObject({
      name: 'LabError',
      message: expect.stringMatching(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,420}$/u)
    })
    // The characters that are ours never stand in such a row.
    const quoted = error instanceof Error ? [...error.message.matchAll(/x+/g)].map(([run]) => run.length) : []
    expect(Math.max(0, ...quoted)).toBeLessThanOrEqual(200)
  })
})
