/** What a file of directions held, for the model that is open. */
import { assertFits, type Direction } from '../direction'
import { adopt, rowsNote, type Adopter } from './adopt'
import type { ReadDirections } from './files'

/** The model that the directions are for: `ModelInfo` is one. */
export interface OpenModel extends Adopter {
  readonly name: string
  readonly family: string
}

export interface TakenDirections {
  /** In ascending order of layers. */
  readonly directions: readonly Direction[]
  /** What the file leaves open, in sentences to show. */
  readonly notes: readonly string[]
}

/**
 * Directions that may be used in this model.
 * @param layer for a vector whose file names no layer
 * @throws LabError `shape` with both names for directions of another model
 */
export async function fitted(found: ReadDirections, model: OpenModel, layer: number | null): Promise<TakenDirections> {
  const isPlain = found.kind === 'vectors'
  const taken = isPlain ? await adopt(found.vectors, model, layer) : found.directions
  for (const direction of taken) assertFits(direction, { model, width: model.width, layer: direction.layer })
  return {
    directions: taken.toSorted((a, b) => a.layer - b.layer),
    notes: isPlain ? [...rowsNote(found.vectors, model), ...plainNotes(found.modelHint, model)] : []
  }
}

function plainNotes(hint: string, { name, family }: OpenModel): readonly string[] {
  const notes = [
    'The file does not say which model its vectors were made on: width and layers fit, no more is known.',
    'Alpha 1 adds a vector at the length that the file gives it, and a held projection (clamp) counts from 0.'
  ]
  const isNamed = hint !== '' && hint !== family && hint !== name
  return isNamed ? [`The file names ${hint} as its model, the open one is ${name} (${family}).`, ...notes] : notes
}
