/** What a result was made under, as JSON holds it. */
import { modelFields } from '../../direction/files/metadata'
import { choice, ifThere, natural, number, object, orNull, text, type Schema } from '../../formats/schema'
import type { Circumstances } from '../../lab/live/circumstances'
import { devices, dtypes } from '../../lab/dtype'

const madeWith = object({
  mode: choice({ add: true, ablate: true, clamp: true }),
  alpha: number,
  positions: choice({ all: true, prompt: true, generated: true }),
  directions: text,
  name: text,
  layer: orNull(natural),
  randomSeed: orNull(number)
})
const madeOf = object({ key: text, name: text })

/** What an answer was made under, as a session file holds it. A reader with it throws LabError `format`. */
export const circumstancesSchema: Schema<Circumstances> = object({
  model: object({ ...modelFields, name: text, dtype: choice(dtypes), device: choice(devices) }),
  steering: ifThere(orNull(madeWith)),
  sampling: ifThere(
    object({ temperature: number, topP: ifThere(number), topK: ifThere(number), seed: number, maxTokens: natural })
  ),
  prompt: ifThere(madeOf),
  contrast: ifThere(madeOf),
  method: ifThere(text),
  position: ifThere(choice({ last: true, every: true, 'answer-mean': true }))
})
