/** Figure 5: decoding against llama.cpp on the same cores. */
import { availableParallelism } from 'node:os'
import { speedRow } from '../compare'
import { closeAll, step, type Decoder } from './decoder'
import { EngineDecoder } from './engine-decoder'
import { atLeast, type Context, type Figure, type Row } from '../figure'
import { readPrompts } from '../prompts'
import { NotMeasured, numbers, Python, text } from '../tools/python'
import { interleave } from '../tools/stats'

const tokens = 24

export const llamaCpp: Figure = {
  name: 'llama-cpp',
  what: 'our engine on q4 (read + affine) / llama.cpp on the GGUF file it was made from, the same threads (package llama-cpp-python)',
  unit: 'ms a token',
  run
}

class LlamaDecoder implements Decoder {
  readonly #python: Python
  readonly name: string

  private constructor(python: Python, ready: unknown) {
    this.#python = python
    this.name = `llama-cpp-python ${text(ready, 'version')}, ${text(ready, 'file')}`
  }

  static async open(): Promise<LlamaDecoder> {
    const { python, ready } = await Python.start('llama_decoder.py', [String(availableParallelism())])
    return new LlamaDecoder(python, ready)
  }

  async decode(prompt: readonly number[], count: number): ReturnType<Decoder['decode']> {
    const answer = await this.#python.ask({ ids: prompt, tokens: count })
    return { first: numbers(answer, 'first')[0] ?? NaN, steps: numbers(answer, 'steps') }
  }

  close(): Promise<void> {
    return this.#python.close()
  }
}

async function* run({ model, n }: Context): AsyncIterable<Row> {
  let theirs: LlamaDecoder
  try {
    theirs = await LlamaDecoder.open()
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    yield { kind: 'not measured', name: 'q4', reason: error.message }
    return
  }
  const prompts = await readPrompts(model)
  const ours = await EngineDecoder.open(model, { dtype: 'q4' })
  try {
    for (const length of [40, 512]) {
      const one = (decoder: Decoder) => (repetition: number) => decoder.decode(prompts.ids(length, repetition), tokens)
      const timings = await interleave(n, { ours: one(ours), theirs: one(theirs) })
      const [mine = [], other = []] = [timings.get('ours'), timings.get('theirs')]
      yield speedRow(`q4, decode, context ${length} (${theirs.name})`, mine.map(step), other.map(step), atLeast(0.6))
      yield speedRow(
        `q4, first token, prompt ${length}`,
        mine.map((t) => t.first),
        other.map((t) => t.first),
        null
      )
    }
  } finally {
    await closeAll([ours, theirs])
  }
}
