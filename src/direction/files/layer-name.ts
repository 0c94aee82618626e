/** Which layer a name in another program's file means: one rule for every format. docs/formats.md has it in words. */
import { excerpt, LabError } from '../../errors'
import { quoted } from '../../formats/text'

/** A number right after a word for layers: `model.layers.14.mlp`, `blocks.14.hook_resid_post`, `direction.14`, `layer14`, `L14`. */
const named = /(?:^|[^a-z])(?:layers?|blocks?|directions?|resid|h|l)[._/ :=[(#]*(-?) ?(\d{1,6})(?!\d)/gi
/** A number that stands alone between dots, lines or spaces: `14`, `vector_14`. */
const alone = /(?:^|[._/ ])(-?)(\d{1,6})(?=$|[._/ ])/g
/** The stream before a block, and lists that begin with the embedding: their number is one more than the layer's, or may be. */
const shifted = /hidden_?states?|resid_?pre/i

/**
 * The 0-based layer; null where the name says none, counts otherwise, or has several numbers and no word for layers.
 * @throws LabError `format` for a layer counted from the end, which has no number until a model is known, and for two layers
 */
export function layerOfName(name: string, where: string): number | null {
  if (shifted.test(name)) return null
  const words = [...name.matchAll(named)]
  const found = words.length > 0 ? words : [...name.matchAll(alone)]
  const layers = new Set(
    found.map((match) => layerNumber(Number(`${match.at(-2)}${match.at(-1)}`), `${where}: ${quoted(name)}`))
  )
  const [layer = null] = layers
  if (layers.size < 2) return layer
  if (words.length === 0) return null
  throw new LabError(
    'format',
    `${where}: ${quoted(name)} names the layers ${excerpt([...layers].join(' and '))}: rename it to layer.<number>`
  )
}

/** @throws LabError `format` for a layer that is not 0 or a whole number above */
export function layerNumber(value: unknown, where: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0)) return value
  throw new LabError(
    'format',
    `${where} has layer ${String(value).slice(0, 20)}: layers count from 0 at the first block here, never from the end: write that number`
  )
}
