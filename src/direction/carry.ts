/** Directions carried from one model to another by a ridge map between their hidden states on the same texts. */
import { LabError } from '../errors'
import * as ridge from '../math/ridge'
import { meanLength, type Rows } from '../math/rows'
import { permutation, seeded } from '../math/random'
import { dot, length } from '../math/vector'
import { assertFits, type Direction } from './direction'
import { layerOf, type HiddenStates, type ModelRef } from './hidden-states'
import { promptMeans } from './join'

/** One layer of one model on the texts of a map. */
export interface MapSide {
  readonly model: ModelRef
  readonly layer: number
  /** One row a text. */
  readonly rows: Rows
  /** Mean |h| over the texts. */
  readonly meanNorm: number
}

/** A map from a donor's hidden states to a receiver's. */
export interface LayerMap {
  readonly donor: Omit<MapSide, 'rows'>
  readonly receiver: Omit<MapSide, 'rows'>
  readonly ridge: ridge.RidgeMap
}

/** What a map is fitted on. `pairing` shuffled is the control that breaks which text is which. */
export interface MapTask {
  readonly donor: MapSide
  readonly receiver: MapSide
}

/**
 * Pairs the captures of two models on the same texts.
 * @throws LabError `shape` where the captures are of different texts
 */
export function mapTask(
  donor: { readonly states: HiddenStates; readonly layer: number },
  receiver: { readonly states: HiddenStates; readonly layer: number }
): MapTask {
  const [from, to] = [promptMeans(donor.states), promptMeans(receiver.states)]
  if (from.prompt.join() !== to.prompt.join()) {
    throw new LabError('shape', `${from.rows} texts against ${to.rows} others; capture the same texts with both models`)
  }
  return {
    donor: sideOf(from, donor.layer),
    receiver: sideOf(to, receiver.layer)
  }
}

function sideOf(states: HiddenStates, layer: number): MapSide {
  const { rows, width, data } = layerOf(states, layer)
  // A copy: rows that are sent to a worker take their whole buffer along, and the capture's other layers with it.
  const own = { rows, width, data: data.slice() }
  return { model: states.model, layer, rows: own, meanNorm: meanLength(own) }
}

/** The same captures with the receiver's texts in random order: a map of this carries nothing but the means. */
export function shuffledPairing({ donor, receiver }: MapTask, seed: number): MapTask {
  const { rows, width } = receiver.rows
  const data = new Float32Array(rows * width)
  permutation(rows, seeded(seed)).forEach((from, to) => {
    data.set(receiver.rows.data.subarray(from * width, (from + 1) * width), to * width)
  })
  return { donor, receiver: { ...receiver, rows: { data, rows, width } } }
}

/** A ridge map that was fitted on a task's rows, elsewhere perhaps, with the places it leads from and to. */
export function layerMap({ donor, receiver }: MapTask, fitted: ridge.RidgeMap): LayerMap {
  const place = ({ model, layer, meanNorm }: MapSide): Omit<MapSide, 'rows'> => ({ model, layer, meanNorm })
  return { donor: place(donor), receiver: place(receiver), ridge: fitted }
}

/**
 * The direction in the receiver: W' u, normalised. Its gap is where the map takes the donor's gap, in the receiver's
 * units. Its midpoint is the projection of the receiver's mean over the map's texts, as the donor's does not carry over.
 * @throws LabError `shape` where the direction does not belong to the donor's layer
 */
export function carry(map: LayerMap, direction: Direction): Direction {
  const { donor, receiver } = map
  const { source, target } = map.ridge
  assertFits(direction, { model: donor.model, layer: donor.layer, width: source.mean.length })
  const image = ridge.carry(map.ridge, direction.vector)
  const size = length(image)
  if (!(size > 0)) throw new LabError('shape', 'the map takes the direction to 0; fit it on texts that vary along it')
  const unit = image.map((value) => value / size)
  return {
    ...direction,
    vector: Float32Array.from(unit),
    model: receiver.model,
    against: receiver.model,
    layer: receiver.layer,
    method: 'carried',
    norm: direction.norm * size,
    midpoint: dot(unit, target.mean),
    meanNorm: receiver.meanNorm
  }
}
