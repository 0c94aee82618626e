/** What stands on the bench to steer by, as the browser and a session file keep it: facts as JSON, numbers as safetensors. */
import { readDirections, writeDirections } from '../../direction/files/files'
import { readModel } from '../../direction/files/metadata'
import { methods } from '../../direction/method'
import type { LayerSeparation, Separation } from '../../direction/separation'
import type { Direction } from '../../direction/direction'
import { LabError } from '../../errors'
import type { Fields } from '../../formats/record'
import { floatTensor, readSafetensors, tensorFloats, writeSafetensors } from '../../formats/safetensors'
import type { DirectionSet, Fit } from '../directions/fits.svelte'
import type { Imported } from '../directions/imported'
import { readCircumstances } from './read-circumstances'
import { readModelInfo } from './read-model'

/** A set in two parts. */
export interface KeptDirections {
  /** JSON. */
  readonly facts: Readonly<Record<string, unknown>>
  /** safetensors: a tensor a layer, as a file of directions has them. */
  readonly directions: Uint8Array<ArrayBuffer>
  /** safetensors with `centers`, `[layers][width]`; null where the set has none. */
  readonly centers: Uint8Array<ArrayBuffer> | null
}

export function keepDirections(set: DirectionSet): KeptDirections {
  const [file] = writeDirections(set.directions, { format: 'safetensors', name: 'kept' })
  if (!file) throw new LabError('shape', 'there is no direction to keep: fit one first')
  const { directions: _directions, ...facts } = set
  if (facts.kind === 'imported') return { facts, directions: file.bytes, centers: null }
  const { centers, ...plain } = facts
  const width = set.directions[0]?.vector.length ?? 1
  const tensor = floatTensor([centers.length / width, width], centers)
  return { facts: plain, directions: file.bytes, centers: writeSafetensors(new Map([['centers', tensor]])) }
}

/** @throws LabError `format` that names what is wrong */
export function readDirectionsKept(
  facts: Fields,
  { directions: bytes, centers }: Pick<KeptDirections, 'directions' | 'centers'>
): DirectionSet {
  const found = readDirections([{ name: facts.where, bytes }])
  if (found.kind !== 'directions') throw new LabError('format', `${facts.where} does not say which model it is of`)
  const { directions } = found
  const kind = facts.choice('kind', { fitted: true, imported: true })
  return kind === 'imported' ? readImported(facts, directions) : readFit(facts, directions, centers)
}

function readImported(facts: Fields, directions: readonly Direction[]): Imported {
  const model = facts.object('model')
  return {
    kind: 'imported',
    source: facts.choice('source', { file: true, saved: true, link: true }),
    name: facts.text('name'),
    model: { ...readModel(model), name: model.text('name') },
    positiveName: facts.text('positiveName'),
    negativeName: facts.text('negativeName'),
    directions,
    separation: null,
    notes: facts.texts('notes')
  }
}

function readFit(facts: Fields, directions: readonly Direction[], bytes: KeptDirections['centers']): Fit {
  const tensor = bytes && readSafetensors(bytes).get('centers')
  if (!tensor) throw new LabError('format', `${facts.where} lacks its centers: is the file whole?`)
  const model = readModelInfo(facts.object('model'))
  const centers = tensorFloats('centers', tensor)
  const separation = readSeparation(facts.object('separation'))
  const { layers, width } = model
  if (centers.length !== layers * width || directions.length !== layers || separation.layers.length !== layers) {
    throw new LabError('format', `${facts.where} is of ${layers} layers, and does not have one of each: is it whole?`)
  }
  return {
    kind: 'fitted',
    contrast: facts.choice('contrast', { lists: true, adapter: true }),
    model,
    made: readCircumstances(facts.object('made')),
    positiveName: facts.text('positiveName'),
    negativeName: facts.text('negativeName'),
    positive: facts.texts('positive'),
    negative: facts.texts('negative'),
    centers,
    directions,
    separation
  }
}

const methodNames = Object.fromEntries(methods.map((method) => [method, true] as const))

function readSeparation(fields: Fields): Separation {
  const method = methods.find((one) => one === fields.choice('method', methodNames))
  if (!method) throw new LabError('format', `${fields.where} is of no method that is known here`)
  return {
    method,
    layers: fields.objects('layers', readLayer),
    ...(fields.has('heldOut') && {
      heldOut: fields.objects('heldOut', (side) => ({
        positive: side.numbers('positive'),
        negative: side.numbers('negative')
      }))
    }),
    n: fields.natural('n'),
    folds: fields.natural('folds'),
    swaps: fields.natural('swaps'),
    seed: fields.number('seed'),
    bestNull95: fields.numberOrNaN('bestNull95')
  }
}

function readLayer(fields: Fields): LayerSeparation {
  return {
    layer: fields.natural('layer'),
    accuracy: fields.numberOrNaN('accuracy'),
    low: fields.numberOrNaN('low'),
    high: fields.numberOrNaN('high'),
    auroc: fields.numberOrNaN('auroc'),
    heldOutGap: fields.numberOrNaN('heldOutGap'),
    cohenD: fields.numberOrNaN('cohenD'),
    withoutMassive: fields.numberOrNaN('withoutMassive'),
    nullMean: fields.numberOrNaN('nullMean'),
    null95: fields.numberOrNaN('null95'),
    p: fields.numberOrNaN('p')
  }
}
