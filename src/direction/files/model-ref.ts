/**
 * When two models are the same. A `ModelRef` holds a hash of the files that were opened, the place they came from, the
 * dtype and the adapter, so there are three degrees: the same numbers; the same base under another adapter; the same
 * place in another dtype, whose files and therefore hash differ.
 */
import { LabError } from '../../errors'
import type { HiddenStates, ModelRef } from '../hidden-states'

/** The same weights with the same adapter. Where a model was found does not matter. */
export function isSameModel(a: ModelRef, b: ModelRef): boolean {
  return isSameBase(a, b) && a.adapter?.sha256 === b.adapter?.sha256 && a.adapter?.scale === b.adapter?.scale
}

/** The same weights, whatever the adapter. */
export function isSameBase(a: ModelRef, b: ModelRef): boolean {
  return a.sha256 === b.sha256 && a.dtype === b.dtype
}

/**
 * The same repository, address or folder in another dtype: the same model by its name, of which no hash can tell. A
 * revision may differ. The same place and dtype with other files is another model.
 */
export function isOtherDtype(a: ModelRef, b: ModelRef): boolean {
  return placeOf(a) === placeOf(b) && a.dtype !== b.dtype
}

function placeOf({ id }: ModelRef): string {
  return id.startsWith('hub:') ? id.replace(/@[^@/]*$/, '') : id
}

/** A model in a message: its place, dtype and adapter. */
export function nameOf({ id, dtype, adapter }: ModelRef): string {
  return `${id} (${dtype}${adapter ? `, adapter ${adapter.id} x ${adapter.scale}` : ''})`
}

/** Throws where two captures are not of one model. */
export function assertSameModel(a: HiddenStates, b: HiddenStates): void {
  if (isSameModel(a.model, b.model)) return
  throw new LabError('shape', `captures of ${nameOf(a.model)} and ${nameOf(b.model)}; capture both with one open model`)
}

/** Throws where two captures cannot be compared: other width, layers or position. */
export function assertSameShape(a: HiddenStates, b: HiddenStates): void {
  if (a.width !== b.width || a.layers !== b.layers) {
    const shapes = `${a.layers} layers of width ${a.width} and ${b.layers} of ${b.width}`
    throw new LabError('shape', `captures have ${shapes}; capture both with one open model`)
  }
  if (a.position !== b.position) {
    throw new LabError('shape', `captures at "${a.position}" and "${b.position}"; capture both at one position`)
  }
}
