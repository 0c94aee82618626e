/** Figure 3: our engine against transformers.js on the same files, in Node. */
import { basename, dirname } from 'node:path'
import { AutoModelForCausalLM, AutoTokenizer, env } from '@huggingface/transformers'
import type { Dtype } from '../../src/lab/api'
import { speedRow } from '../compare'
import { closeAll, step, type Decoder } from './decoder'
import { EngineDecoder } from './engine-decoder'
import { atLeast, type Context, type Figure, type Row } from '../figure'
import { instrumented } from '../model'
import { readPrompts } from '../prompts'
import { interleave } from '../tools/stats'
import { TransformersDecoder } from './transformers-decoder'

const tokens = 24

export const transformersJs: Figure = {
  name: 'transformers-js',
  what: 'our engine, opened as the page opens it (read + affine) / transformers.js generate on the same files and device',
  unit: 'ms a token, or ms to the first token',
  run
}

async function* run({ model, dtypes, n }: Context): AsyncIterable<Row> {
  const prompts = await readPrompts(model)
  for (const dtype of dtypes) {
    const ours = await EngineDecoder.open(model, { dtype })
    const theirs = await openTransformers(model, dtype)
    try {
      for (const length of [40, 512]) {
        const one = (decoder: Decoder) => (repetition: number) =>
          decoder.decode(prompts.ids(length, repetition), tokens)
        const timings = await interleave(n, { ours: one(ours), theirs: one(theirs) })
        const [mine = [], other = []] = [timings.get('ours'), timings.get('theirs')]
        yield speedRow(`${dtype}, decode, context ${length}`, mine.map(step), other.map(step), atLeast(1.1))
        yield speedRow(
          `${dtype}, first token, prompt ${length}`,
          mine.map((t) => t.first),
          other.map((t) => t.first),
          length === 512 ? atLeast(1.5) : null
        )
      }
    } finally {
      await closeAll([ours, theirs])
    }
  }
}

async function openTransformers(model: string, dtype: Dtype): Promise<TransformersDecoder> {
  env.localModelPath = dirname(model)
  env.allowRemoteModels = false
  const name = basename(model)
  const { info } = await instrumented(model, dtype, {})
  return new TransformersDecoder(
    await AutoModelForCausalLM.from_pretrained(name, { dtype, device: 'cpu' }),
    await AutoTokenizer.from_pretrained(name),
    info.cache
  )
}
