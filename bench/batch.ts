/** Figure 4: eight prompts in one batch against the same eight one after another. */
import { speedRow } from './compare'
import { EngineDecoder } from './contestants/engine-decoder'
import { atLeast, type Context, type Figure, type Row } from './figure'
import { readPrompts } from './prompts'
import { interleave } from './tools/stats'

const rows = 8
const tokens = 24

export const batch: Figure = {
  name: 'batch',
  what: `${rows} prompts of 24 to 56 tokens, ${tokens} tokens each: one batch / one after another`,
  unit: 'ms a generated token, prompts included',
  run
}

async function* run({ model, dtypes, n }: Context): AsyncIterable<Row> {
  const prompts = await readPrompts(model)
  for (const dtype of dtypes) {
    const decoder = await EngineDecoder.open(model, { dtype })
    try {
      const generate = (list: readonly (readonly number[])[]): Promise<number> => total(decoder, list)
      const times = await interleave(n, {
        together: (repetition) => generate(prompts.batch(rows, 24, 56, repetition)),
        alone: async (repetition) => {
          let sum = 0
          for (const prompt of prompts.batch(rows, 24, 56, repetition)) sum += await generate([prompt])
          return sum / rows
        }
      })
      yield speedRow(dtype, times.get('together') ?? [], times.get('alone') ?? [], atLeast(2.5))
    } finally {
      await decoder.close()
    }
  }
}

/** Milliseconds for each generated token, whether or not a row stopped early. */
async function total(decoder: EngineDecoder, prompts: readonly (readonly number[])[]): Promise<number> {
  const began = performance.now()
  const rows = prompts.map((ids) => ({ prompt: { ids } }))
  const { completions } = await decoder.engine.generate(rows, { maxTokens: tokens, sampling: { temperature: 0 } })
  return (performance.now() - began) / completions.reduce((sum, { ids }) => sum + ids.length, 0)
}
