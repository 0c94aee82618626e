/** What a decoder carries from token to token: keys and values, and the states of convolutions and recurrences. */
import { LabError } from '../errors'
import type { Graph } from './graph'
import { DataType, tensorType, type Dimension } from './proto'
import { floatType, type FloatType } from './types'

/** One input that carries a state, and the output that becomes it at the next step. */
export interface State {
  readonly past: string
  readonly present: string
  readonly type: FloatType
  /** Sizes behind the batch; null for the one that grows with the tokens, 0 for one that the graph leaves open. */
  readonly sizes: readonly (number | null)[]
}

/** The states of a graph, in the order of its inputs. @throws LabError `graph` */
export function findStates(graph: Graph): State[] {
  return [...graph.input.keys()].filter((name) => name.startsWith('past')).map((name) => state(graph, name))
}

/** True for a state of one size, whatever the number of tokens: it cannot be cut back to fewer of them. */
export const isFixed = ({ sizes }: State): boolean => !sizes.includes(null)

function state(graph: Graph, past: string): State {
  const value = graph.input.get(past)
  const { elemType, dims } = value ? tensorType(value) : { elemType: DataType.UNDEFINED, dims: [] }
  const present = presentNames(past).find((name) => graph.output.has(name))
  if (/\.(encoder|decoder)\./.test(past)) throw encoderDecoder()
  const type = floatType(elemType)
  if (!type) {
    throw new LabError(
      'graph',
      `a float32 or float16 KV cache was expected, ${past} has element type ${DataType[elemType]}: choose another dtype of this model`
    )
  }
  if (present === undefined) {
    throw new LabError(
      'graph',
      `the input ${past} has no output that becomes it at the next token: export the model again`
    )
  }
  if (typeof dims[0] === 'number' && dims[0] !== 1) {
    throw new LabError(
      'graph',
      `${past} begins with a size of ${dims[0]}, where the rows of a batch were expected: export the model with a dynamic batch`
    )
  }
  return { past, present, type, sizes: sizesOf(dims) }
}

/** The error for a model of an encoder and a decoder, which cannot be opened. */
export function encoderDecoder(): LabError {
  return new LabError(
    'graph',
    'this is the decoder of an encoder-decoder model, which answers to the states of its encoder (T5, BART, Whisper): ' +
      'choose a decoder-only language model'
  )
}

/** `past_key_values.0.key` becomes `present.0.key`, `past_conv.0` `present_conv.0`, `past.0.conv` `present.0.conv`. */
function presentNames(past: string): string[] {
  return [past.replace('past_key_values', 'present'), past.replace('past', 'present')]
}

/** Keys and values are `[batch, heads, tokens, size]`; elsewhere the first open size is that of the tokens. */
function sizesOf([, ...dims]: readonly Dimension[]): (number | null)[] {
  const isOpen = (size: Dimension | undefined): boolean => typeof size === 'string'
  const tokens = dims.length === 3 && isOpen(dims[1]) ? 1 : dims.findIndex(isOpen)
  return dims.map((size, i) => (i === tokens ? null : typeof size === 'number' ? size : 0))
}
