/** Prompts as token ids: plain English, each with another beginning, so that no cache of an earlier one helps. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Tokens } from '../workers/tokens'

const text =
  'The river rises in the hills above the old town and runs for ninety miles through meadows, mills and villages ' +
  'before it reaches the sea. For most of the year it is shallow and slow, and children wade across it on their way ' +
  'to school; but in March, when the snow melts, it covers the fields on both sides, and people move their sheep to ' +
  'higher ground. A survey of the flood plain counted more than two hundred kinds of plants, forty kinds of birds and ' +
  'a dozen kinds of fish, among them the trout for which the upper valley is known. The first bridge was built of oak ' +
  'by monks, who took a toll of one egg from each traveller, and a record of those eggs, kept for sixty years, is the ' +
  'oldest book in the library. When the railway came, the mills were turned into workshops, and the town grew along ' +
  'the line until it met the next one. Today most of the workshops are closed, but the path beside the water is full ' +
  'of walkers in summer, and a small museum explains how paper, cloth and flour were once made by the same wheel. '

export interface Prompts {
  /** `length` ids of a text that starts somewhere else for every `number`. */
  ids(length: number, number: number): readonly number[]
  /** Of different lengths between `shortest` and `longest`. */
  batch(size: number, shortest: number, longest: number, number: number): readonly (readonly number[])[]
}

export async function readPrompts(model: string): Promise<Prompts> {
  const [tokenizer, config] = await Promise.all(
    ['tokenizer.json', 'tokenizer_config.json'].map((name) => readFile(join(model, name), 'utf8'))
  )
  const tokens = new Tokens({ tokenizer: tokenizer ?? '', config: config ?? '', template: undefined })
  const all = tokens.encode({ text }, Infinity)
  const ids = (length: number, number: number): readonly number[] =>
    Array.from({ length }, (_, i) => all[(i + 7 * number) % all.length] ?? 0)
  return {
    ids,
    batch: (size, shortest, longest, number) =>
      Array.from({ length: size }, (_, row) =>
        ids(
          Math.round(shortest + ((longest - shortest) * ((row * 5) % size)) / Math.max(1, size - 1)),
          number * size + row
        )
      )
  }
}
