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
 * @param layer for a single vector without a layer; one vector for each layer of the model needs none
 * @throws LabError `shape` where width or layers are not the model's
 */
export async function adopt(
  vectors: readonly PlainVector[],
  model: Adopter,
  layer: number | null = null
): Promise<readonly Direction[]> {
  const used = vectors.filter(({ vector }) => vector.some((x) => x !== 0))
  if (used.length === 0) throw new LabError('shape', 'the file holds only vectors of length 0: take another')
  const layers = used.map((one) => layerOf(one, vectors, model, layer))
  if (new Set(layers).size !== layers.length) throw new LabError('shape', 'the file holds two vectors for one layer')
  const own = modelDocument(model)
  return Promise.all(
    used.map(async ({ vector }, i) => ({
      vector: unit(vector),
      model: own,
      against: own,
      layer: layers[i] ?? 0,
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

function layerOf(one: PlainVector, all: readonly PlainVector[], model: Adopter, asked: number | null): number {
  if (one.vector.length !== model.width) {
    throw new LabError(
      'shape',
      `the file's vectors have width ${one.vector.length}, ${model.id} has ${model.width}: they are for another model`
    )
  }
  const layer = one.layer ?? (all.length === model.layers ? all.indexOf(one) : all.length === 1 ? asked : null)
  if (layer !== null && layer >= 0 && layer < model.layers) return layer
  throw new LabError(
    'shape',
    layer === null
      ? `the file names no layers, and ${all.length} vectors are not one for each of ${model.layers}: say which layer`
      : `the file has a vector for layer ${layer}, ${model.id} has layers 0 to ${model.layers - 1}: it is for another model`
  )
}
