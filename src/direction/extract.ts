import { LabError } from '../errors'
import { gram } from '../math/gram'
import { meanLength, meanRow, shiftedRows, stackRows, weightedSum, rowOf, type Rows } from '../math/rows'
import { sha256 } from '../math/sha256'
import { finish } from '../math/steps'
import { addInto, bytesOf, dot, length } from '../math/vector'
import { byPrompt, modelsOf, type Contrast } from './contrast'
import type { Direction } from './direction'
import { layerOf } from './hidden-states'
import { weighBy, type Method } from './method'
import { makeTask, type Task } from './task'

export interface ExtractOptions {
  /** Default `difference-in-means`. */
  readonly method?: Method
}

/** The direction of every layer. Each prompt weighs the same, whatever its number of rows. */
export async function extract(contrast: Contrast, options: ExtractOptions = {}): Promise<readonly Direction[]> {
  return finish(extractSteps(contrast, await digest(contrast), options))
}

/**
 * The same, one layer a step, given the `digest` of the contrast; yields the share done.
 * @throws LabError `shape` where a layer has no direction: both sides have one mean, or the method needs pairs
 */
export function* extractSteps(
  contrast: Contrast,
  sha256: string,
  { method = 'difference-in-means' }: ExtractOptions = {}
): Generator<number, readonly Direction[]> {
  const prompts = byPrompt(contrast)
  const { positive, negative } = prompts
  const task = makeTask(prompts)
  const shared = {
    ...modelsOf(contrast),
    method,
    contrast: contrast.kind,
    positive: positive.rows,
    negative: negative.rows,
    sha256
  }
  const directions: Direction[] = []
  for (let layer = 0; layer < positive.layers; layer++) {
    const sides = [layerOf(positive, layer), layerOf(negative, layer)] as const
    const along = method === 'difference-in-means' ? meanDifference(...sides) : dualSum(pool(...sides), task, method)
    directions.push({ ...shared, layer, ...measure(along, ...sides, layer) })
    yield (layer + 1) / positive.layers
  }
  return directions
}

/** Rows of both sides less their common mean, the positive ones first. */
export function pool(positive: Rows, negative: Rows): ReturnType<typeof shiftedRows> {
  const all = stackRows(
    [positive, negative].flatMap((side) => Array.from({ length: side.rows }, (_, i) => rowOf(side, i)))
  )
  return shiftedRows(all, meanRow(all))
}

function meanDifference(positive: Rows, negative: Rows): Float64Array {
  const difference = meanRow(positive)
  addInto(difference, meanRow(negative), -1)
  return difference
}

function dualSum(rows: ReturnType<typeof pool>, task: Task, method: Method): Float64Array {
  return weightedSum(rows, weighBy(method, gram(rows), task)(task.labels))
}

/** The unit vector along `along`, and where the two sides lie on it. */
function measure(
  along: Float64Array,
  positive: Rows,
  negative: Rows,
  layer: number
): Pick<Direction, 'vector' | 'norm' | 'midpoint' | 'meanNorm'> {
  const size = length(along)
  if (!(size > 0)) {
    throw new LabError('shape', `both lists have the same mean at layer ${layer}; use prompts that differ`)
  }
  const unit = along.map((value) => value / size)
  const [up, down] = [dot(unit, meanRow(positive)), dot(unit, meanRow(negative))]
  const norms = positive.rows * meanLength(positive) + negative.rows * meanLength(negative)
  return {
    vector: Float32Array.from(unit),
    norm: up - down,
    midpoint: (up + down) / 2,
    meanNorm: norms / (positive.rows + negative.rows)
  }
}

/** SHA-256 of a contrast: its hidden states, their models, shapes and kind. Hex. */
export async function digest({ kind, positive, negative }: Contrast): Promise<string> {
  const captures = [positive, negative]
  const shapes = captures.map(({ model, position, layers, rows, width, prompt }) => {
    return [model.sha256, model.adapter?.sha256, model.adapter?.scale, position, layers, rows, width, prompt]
  })
  const parts = [new TextEncoder().encode(JSON.stringify([kind, shapes])), ...captures.map(({ data }) => bytesOf(data))]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return sha256(bytes)
}
