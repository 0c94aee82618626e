/** A message quotes at most 200 characters of a file, on one line, also where a library words it. */
import { expect, it } from 'vitest'
import { readHiddenStates, writeHiddenStates } from '../../src/direction/files/hidden-files'
import { LabError } from '../../src/errors'
import { readPrompts } from '../../src/formats/prompts'
import { readRunDocument } from '../../src/study/files/run-document'
import { hidden } from './samples'

const long = 'x'.repeat(10_000)
const version = (bytes: Uint8Array | undefined): Uint8Array<ArrayBuffer> => {
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes))
  return new TextEncoder().encode(JSON.stringify(Object.assign({}, document, { version: long })))
}

it.each<[string, () => unknown]>([
  ['the header of a block in YAML', () => readPrompts('a.yaml', `- prompt: |${'['.repeat(10_000)}\n    a\n`)],
  [
    'the version of hidden states',
    () => {
      const [file] = writeHiddenStates(hidden, { format: 'json', name: 'x' })
      return readHiddenStates([{ name: 'x', bytes: version(file?.bytes) }])
    }
  ],
  ['the version of a run', () => readRunDocument({ format: 'azimuth.run', version: long }, 'run.json')]
])('%s', (_, read) => {
  try {
    read()
  } catch (error) {
    if (!(error instanceof LabError)) throw error
    expect(error.message.length).toBeLessThan(500)
    expect(error.message).toContain('…')
    return
  }
  throw new Error('it was read')
})

it('YAML of a megabyte is refused before it is parsed', () => {
  const file = '- [a]\n'.repeat(2 ** 20 / 6)
  expect(() => readPrompts('a.yaml', file)).toThrow(/more than 150000 marks and words of YAML: use JSONL/)
})
