/** What an answer was made under, as JSON holds it. */
import { readModel } from '../../direction/files/metadata'
import type { Fields } from '../../formats/record'
import type { Circumstances, MadeBy, MadeOf, MadeWith } from '../../lab/live/circumstances'
import type { MadeFrom } from '../steer/comparison'
import { devices, dtypes } from './read-model'

/** @throws LabError `format` that names the field */
export function readMadeFrom(fields: Fields): MadeFrom {
  return { from: fields.natural('from'), circumstances: readCircumstances(fields.object('circumstances')) }
}

function readCircumstances(fields: Fields): Circumstances {
  const model = fields.object('model')
  const on = { dtype: model.choice('dtype', dtypes), device: model.choice('device', devices) }
  const steering = fields.objectOrNull('steering')
  return {
    model: { ...readModel(model), ...on, name: model.text('name') },
    steering: steering && readWith(steering),
    ...(fields.has('sampling') && { sampling: readBy(fields.object('sampling')) }),
    ...(fields.has('prompt') && { prompt: readOf(fields.object('prompt')) })
  }
}

function readWith(fields: Fields): MadeWith {
  return {
    directions: fields.text('directions'),
    name: fields.text('name'),
    layer: fields.naturalOrNull('layer'),
    randomSeed: fields.naturalOrNull('randomSeed'),
    mode: fields.choice('mode', { add: true, ablate: true, clamp: true }),
    alpha: fields.number('alpha'),
    positions: fields.choice('positions', { all: true, prompt: true, generated: true })
  }
}

function readBy(fields: Fields): MadeBy {
  return {
    temperature: fields.number('temperature'),
    topP: fields.number('topP'),
    seed: fields.number('seed'),
    maxTokens: fields.natural('maxTokens')
  }
}

function readOf(fields: Fields): MadeOf {
  return { key: fields.text('key'), name: fields.text('name') }
}
