/** How well the layers separate, as JSON holds it: NaN is null there. */
import { choice, list, natural, number, numberOrNaN, object, type Schema } from '../../formats/schema'
import { methods } from '../method'
import type { LayerSeparation } from '../separation'

const layer: Schema<LayerSeparation> = object({
  layer: natural,
  accuracy: numberOrNaN,
  low: numberOrNaN,
  high: numberOrNaN,
  auroc: numberOrNaN,
  heldOutGap: numberOrNaN,
  // Two groups without any spread have none.
  cohenD: numberOrNaN,
  // None below a width of 16.
  withoutMassive: numberOrNaN,
  nullMean: numberOrNaN,
  null95: numberOrNaN,
  p: numberOrNaN
})

/** The fields of a `Separation` but for `heldOut`, in the order of a bundle. */
export const separationFields = {
  method: choice(methods),
  layers: list(layer),
  n: natural,
  folds: natural,
  swaps: natural,
  seed: number,
  bestNull95: numberOrNaN
} as const
