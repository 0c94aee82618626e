/** Vectors of other programs as directions of the open model. */
import { LabError } from '../../errors'
import { sha256 } from '../../math/sha256'
import { bytesOf, length, unit } from '../../math/vector'
import type { Direction } from '../direction'
import type { ModelRef } from '../hidden-states'
import { modelDocument } from './metadata'

/** A vector as a file holds it, with its length: what strength 1 adds. */
export interface PlainVector {
  /** 0-based; null where the file does not say. */
  readonly layer: number | null
  /** [width] */
  readonly vector: Float32Array
}

/** The model that adopts: `ModelInfo` is one. */
export interface Adopter extends ModelRef {
  readonly layers: number
  readonly width: number
}

/**
 * Each vector as a direction whose gap is the vector's length, so that alpha is the strength of the program it came from.
 * Nothing is known of its contrast: no prompts, midpoint 0. Vectors of length 0, which steer nothing, are left out.
 * @param layer for a vector without a layer; one vector for each layer of the model needs none. Of one vector more than
 * layers, as lists of hidden states have them, it takes the one after block `layer`
 * @throws LabError `shape` where width or layers are not the model's
 */
export async function adopt(
  vectors: readonly PlainVector[],
  model: Adopter,
  layer: number | null = null
): Promise<readonly Direction[]> {
  const used = placed(vectors, model, layer).filter(({ vector }) => vector.some((x) => x !== 0))
  if (used.length === 0) throw new LabError('shape', 'the file holds only vectors of length 0: take another')
  if (new Set(used.map((one) => one.layer)).size !== used.length) {
    throw new LabError('shape', 'the file holds two vectors for one layer')
  }
  const own = modelDocument(model)
  return Promise.all(
    used.map(async ({ vector, layer }) => ({
      vector: unit(vector),
      model: own,
      against: own,
      layer,
      method: 'imported' as const,
      contrast: 'unknown' as const,
      norm: length(vector),
      midpoint: 0,
      meanNorm: 0,
      positive: 0,
      negative: 0,
      sha256: await sha256(bytesOf(vector))
    }))
  )
}

/** A sentence to show where a row was taken from a list that begins with the embedding; none elsewhere. */
export function rowsNote(vectors: readonly PlainVector[], model: Adopter): readonly string[] {
  if (!isWithEmbedding(vectors, model)) return []
  return [
    `The file has ${vectors.length} rows for ${model.layers} layers, as lists that begin with the embedding: row l + 1, counted from 0, was taken for layer l.`
  ]
}

const isRows = (vectors: readonly PlainVector[]): boolean => vectors.every(({ layer }) => layer === null)

const isWithEmbedding = (vectors: readonly PlainVector[], model: Adopter): boolean =>
  isRows(vectors) && vectors.length === model.layers + 1

interface PlacedVector extends PlainVector {
  readonly layer: number
}

/** The vectors with their layers in this model. */
function placed(vectors: readonly PlainVector[], model: Adopter, asked: number | null): readonly PlacedVector[] {
  const width = vectors.find(({ vector }) => vector.length !== model.width)?.vector.length
  if (width !== undefined) {
    throw new LabError(
      'shape',
      `the file's vectors have width ${width}, ${model.id} has ${model.width}: they are for another model`
    )
  }
  const [only] = vectors
  if (vectors.length === 1 && only?.layer === null) {
    return [{ ...only, layer: askedLayer(asked, 'one vector and no layer number', model) }]
  }
  if (isWithEmbedding(vectors, model)) {
    const what = `${vectors.length} rows for ${model.layers} layers, as lists that begin with the embedding: for layer l row l + 1 is taken`
    const layer = askedLayer(asked, what, model)
    return vectors.slice(layer + 1, layer + 2).map((one) => ({ ...one, layer }))
  }
  const isOneEach = isRows(vectors) && vectors.length === model.layers
  return vectors.map(({ layer, vector }, row) => ({
    vector,
    layer: ownLayer(layer ?? (isOneEach ? row : null), vectors, model)
  }))
}

/** @param what the file holds, which leaves the layer open */
function askedLayer(asked: number | null, what: string, model: Adopter): number {
  if (asked !== null && Number.isSafeInteger(asked) && asked >= 0 && asked < model.layers) return asked
  const got = asked === null ? 'say which layer' : `${model.id} has layers 0 to ${model.layers - 1}, got ${asked}`
  throw new LabError('shape', `the file holds ${what}; ${got}`)
}

function ownLayer(layer: number | null, vectors: readonly PlainVector[], model: Adopter): number {
  if (layer !== null && layer < model.layers) return layer
  const has = `${model.id} has layers 0 to ${model.layers - 1}`
  throw new LabError(
    'shape',
    layer !== null
      ? `the file has a vector for layer ${layer}, ${has}: it is for another model`
      : `which layers the file's ${vectors.length} vectors are for is not said, ${has}: write one vector to a file, or name them layer.<number>`
  )
}
