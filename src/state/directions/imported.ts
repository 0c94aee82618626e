/** Directions of files as something to steer by: checked against the open model, with nothing claimed that no file says. */
import { assertFits, type Direction } from '../../direction/direction'
import type { ReadDirections } from '../../direction/files/files'
import { fitted } from '../../direction/files/fitted'
import { isOtherDtype, isSameBase } from '../../direction/files/model-ref'
import type { ModelInfo } from '../../lab/api'

/** Directions of one model from a file or a link, or of those that are saved on the page. How well they separate is not known. */
export interface Imported {
  readonly kind: 'imported'
  readonly source: 'file' | 'saved' | 'link'
  /** The file's, without its ending, or that of the saved direction. */
  readonly name: string
  /** The model that they are for, by the file, or the one that took plain vectors on. */
  readonly model: Direction['model'] & { readonly name: string }
  /** The ends of the alpha slider. */
  readonly positiveName: string
  readonly negativeName: string
  /** In ascending order of layers, at most one a layer. */
  readonly directions: readonly Direction[]
  readonly separation: null
  /** What the file leaves open, in sentences to show. */
  readonly notes: readonly string[]
}

/**
 * What a file held, for this model.
 * @param layer for a single vector whose file names no layer
 * @throws LabError `shape` with both names for directions of another model
 */
export async function importDirections(
  file: string,
  found: ReadDirections,
  model: ModelInfo,
  layer: number | null
): Promise<Imported> {
  const { directions, notes } = await fitted(found, model, layer)
  const name = file.replace(/\.[^.]*$/, '')
  return {
    kind: 'imported',
    source: 'file',
    name,
    model: { ...(directions[0]?.model ?? model), name: model.name },
    positiveName: 'the direction',
    negativeName: 'its opposite',
    directions,
    separation: null,
    notes
  }
}

/** Whether imported directions may be written into this model: the same base, or the same model in another dtype. */
export function importedFits({ model, directions }: Imported, open: ModelInfo): boolean {
  const isWide = directions.every(({ vector, layer }) => vector.length === open.width && layer < open.layers)
  return isWide && (isSameBase(model, open) || isOtherDtype(model, open))
}

/** What to show where a model is not quite the one that the directions are of; null where it is. */
export function importedNote({ directions: [first] }: Imported, open: ModelInfo): string | null {
  if (!first) return null
  const { note } = assertFits(first, { model: open, width: open.width, layer: first.layer })
  return note && `${note.charAt(0).toUpperCase()}${note.slice(1)}.`
}
