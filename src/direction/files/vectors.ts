/** Arrays of another program's file as vectors of layers. */
import { excerpt, LabError } from '../../errors'
import type { Arrays, NamedArray } from '../../formats/arrays/arrays'
import { quoted } from '../../formats/text'
import type { PlainVector } from './adopt'
import { layerNumber, layerOfName } from './layer-name'

/**
 * One vector an array, its layer by its name; or the rows of the file's only array, which name no layers.
 * @throws LabError `format` where there are none, where shapes leave open what is meant, or a layer counts from the end
 */
export function vectorsOf({ arrays, layer }: Arrays, where: string): readonly PlainVector[] {
  const found = arrays
    .filter(({ data }) => data.length > 1)
    .map((array) => ({ ...array, shape: array.shape.filter((n) => n !== 1) }))
  const [only, ...others] = found
  if (!only)
    throw new LabError('format', `${where} holds no vector of numbers: a vector of the model's width was expected`)
  if (others.length === 0 && only.shape.length === 2) return rowsOf(only)
  const strange = found.find(({ shape }) => shape.length !== 1)
  if (strange) {
    const text = `${nameOf(strange)} of shape [${excerpt(strange.shape.join(', '))}]: vectors [width] or one array [layers, width] were expected`
    throw new LabError('format', `${where} holds ${text}`)
  }
  const vectors = found.map((one) => ({
    layer: layerOfName(one.path.filter((part) => part !== '').join('.'), where),
    vector: one.data
  }))
  const [first] = vectors
  const beside = others.length === 0 ? layerBeside(layer, where) : null
  if (first && beside !== null && first.layer !== null && first.layer !== beside) {
    throw new LabError(
      'format',
      `${where} says layer ${beside} and names its vector layer ${first.layer}: correct one of them`
    )
  }
  return first && beside !== null ? [{ ...first, layer: beside }] : vectors
}

function rowsOf({ shape, data }: NamedArray): readonly PlainVector[] {
  const [rows = 0, width = 0] = shape
  return Array.from({ length: rows }, (_, row) => ({ layer: null, vector: data.slice(row * width, (row + 1) * width) }))
}

const nameOf = ({ path }: NamedArray): string => (path.length === 0 ? 'an array' : quoted(path.join('.')))

function layerBeside(layer: unknown, where: string): number | null {
  const digits = typeof layer === 'string' && /^-?\d{1,6}$/.test(layer) ? Number(layer) : layer
  return typeof digits === 'number' ? layerNumber(digits, where) : null
}
