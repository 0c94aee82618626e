import { LabError } from '../errors'
import { addInto, dot, length } from '../math/vector'
import type { Direction } from './direction'
import { hiddenState, type HiddenStates } from './hidden-states'
import { assertSameSpace, promptMeans } from './join'

/** The difference-in-means direction of every layer. Each prompt weighs the same, whatever its number of rows. */
export async function extract(positive: HiddenStates, negative: HiddenStates): Promise<readonly Direction[]> {
  assertContrast(positive, negative)
  const sha256 = await digest(positive, negative)
  const sides = [promptMeans(positive), promptMeans(negative)] as const
  return Array.from({ length: positive.layers }, (_, layer) => ({
    ...differenceInMeans(...sides, layer),
    model: positive.model,
    layer,
    method: 'difference-in-means' as const,
    positive: sides[0].rows,
    negative: sides[1].rows,
    sha256
  }))
}

/** Throws where two captures are no contrast: an empty side, another model or shape, NaN or infinity. */
export function assertContrast(positive: HiddenStates, negative: HiddenStates): void {
  for (const [side, states] of [
    ['positive', positive],
    ['negative', negative]
  ] as const) {
    if (states.rows === 0) throw new LabError('shape', `the ${side} list is empty; add at least one prompt to it`)
    assertFinite(states, side)
  }
  assertSameSpace(positive, negative)
}

function assertFinite(states: HiddenStates, side: string): void {
  const bad = states.data.findIndex((value) => !Number.isFinite(value))
  if (bad < 0) return
  const layer = Math.floor(bad / (states.rows * states.width))
  const row = Math.floor(bad / states.width) % states.rows
  const where = `layer ${layer}, ${side} prompt ${(states.prompt[row] ?? row) + 1}`
  throw new LabError(
    'device',
    `hidden state is ${states.data[bad]} at ${where}; open the model with another dtype (q4 or fp32) or device`
  )
}

function differenceInMeans(
  positive: HiddenStates,
  negative: HiddenStates,
  layer: number
): Pick<Direction, 'vector' | 'norm' | 'midpoint' | 'meanNorm'> {
  const up = meanOf(positive, layer)
  const down = meanOf(negative, layer)
  const difference = up.mean.slice()
  addInto(difference, down.mean, -1)
  const norm = length(difference)
  if (norm === 0) {
    throw new LabError('shape', `both lists have the same mean at layer ${layer}; use prompts that differ`)
  }
  const unit = difference.map((value) => value / norm)
  const midpoint = (dot(unit, up.mean) + dot(unit, down.mean)) / 2
  const meanNorm = (up.norms + down.norms) / (positive.rows + negative.rows)
  return { vector: Float32Array.from(unit), norm, midpoint, meanNorm }
}

/** Mean vector of a layer's rows in double precision, and the sum of their lengths. */
function meanOf(states: HiddenStates, layer: number): { readonly mean: Float64Array; readonly norms: number } {
  const mean = new Float64Array(states.width)
  let norms = 0
  for (let row = 0; row < states.rows; row++) {
    const state = hiddenState(states, layer, row)
    addInto(mean, state, 1 / states.rows)
    norms += length(state)
  }
  return { mean, norms }
}

async function digest(...captures: readonly HiddenStates[]): Promise<string> {
  const shapes = captures.map(({ model, position, layers, rows, width }) => [
    model.sha256,
    position,
    layers,
    rows,
    width
  ])
  const parts = [new TextEncoder().encode(JSON.stringify(shapes)), ...captures.map(({ data }) => bytesOf(data))]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  const hash = await crypto.subtle.digest('SHA-256', bytes)
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function bytesOf(data: Float32Array): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
