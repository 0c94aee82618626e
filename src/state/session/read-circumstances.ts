/** What a result was made under, as JSON holds it. */
import { readModel } from '../../direction/files/metadata'
import type { Fields } from '../../formats/record'
import type { Circumstances, MadeBy, MadeOf, MadeOn, MadeWith } from '../../lab/live/circumstances'
import { devices, dtypeNames } from './read-model'

/** @throws LabError `format` that names the field */
export function readCircumstances(fields: Fields): Circumstances {
  const steering = fields.objectOrNull('steering')
  const [sampling, prompt, contrast] = ['sampling', 'prompt', 'contrast'].map((name) => fields.objectOrNull(name))
  const positions = { last: true, every: true, 'answer-mean': true } as const
  return {
    model: readMadeOn(fields.object('model')),
    ...(fields.has('steering') && { steering: steering && readMadeWith(steering) }),
    ...(sampling && { sampling: readMadeBy(sampling) }),
    ...(prompt && { prompt: readMadeOf(prompt) }),
    ...(contrast && { contrast: readMadeOf(contrast) }),
    ...(fields.has('method') && { method: fields.text('method') }),
    ...(fields.has('position') && { position: fields.choice('position', positions) })
  }
}

function readMadeOn(fields: Fields): MadeOn {
  return {
    ...readModel(fields),
    name: fields.text('name'),
    dtype: fields.choice('dtype', dtypeNames),
    device: fields.choice('device', devices)
  }
}

function readMadeWith(fields: Fields): MadeWith {
  return {
    mode: fields.choice('mode', { add: true, ablate: true, clamp: true }),
    alpha: fields.number('alpha'),
    positions: fields.choice('positions', { all: true, prompt: true, generated: true }),
    directions: fields.text('directions'),
    name: fields.text('name'),
    layer: fields.naturalOrNull('layer'),
    randomSeed: fields.numberOrNull('randomSeed')
  }
}

function readMadeBy(fields: Fields): MadeBy {
  return {
    temperature: fields.number('temperature'),
    ...(fields.has('topP') && { topP: fields.number('topP') }),
    ...(fields.has('topK') && { topK: fields.number('topK') }),
    seed: fields.number('seed'),
    maxTokens: fields.natural('maxTokens')
  }
}

function readMadeOf(fields: Fields): MadeOf {
  return { key: fields.text('key'), name: fields.text('name') }
}
