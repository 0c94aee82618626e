/** Directions of the bench as files to save. */
import { writeDirections, type DirectionsFormat, type NamedFile } from '../../direction/files/files'
import type { DirectionSet } from './fits.svelte'

export interface ExportOptions {
  readonly format: DirectionsFormat
  /** Null for all layers. */
  readonly layer: number | null
  /** The model's family, such as llama: what a GGUF file hints at. */
  readonly family: string
}

/**
 * One file, or two for npy. A GGUF control vector goes without layer 0, which llama.cpp refuses.
 * @throws LabError `shape` where nothing is left to write, or a direction cannot be written
 */
export function exportDirections(set: DirectionSet, options: ExportOptions): readonly NamedFile[] {
  const { format, layer, family } = options
  return writeDirections(exportedOf(set, options), { format, name: fileName(set, layer), modelHint: family })
}

/** The directions that a file will hold. */
export function exportedOf(
  { directions }: DirectionSet,
  { format, layer }: Pick<ExportOptions, 'format' | 'layer'>
): DirectionSet['directions'] {
  const asked = layer === null ? directions : directions.filter((one) => one.layer === layer)
  return format === 'gguf' ? asked.filter((one) => one.layer > 0) : asked
}

/** Says what it is: `gloomy-joyful-logistic-layer-14`. */
function fileName(set: DirectionSet, layer: number | null): string {
  const parts = [
    ...(set.kind === 'fitted'
      ? [set.positiveName, set.negativeName, set.separation.method]
      : [set.name.replace(/-all-layers$/, '')]),
    ...(layer === null ? ['all-layers'] : ['layer', String(layer)])
  ]
  return parts.map((part) => part.replace(/[^\p{L}\p{N}._-]+/gu, '-')).join('-')
}
