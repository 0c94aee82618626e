import { assertFits } from '../../direction/direction'
import type { NamedFile } from '../../direction/files/files'
import { LabError } from '../../errors'
import type { ModelInfo } from '../../lab/api'
import { describeDifferences, differences, madeOn, type Circumstances } from '../../lab/live/circumstances'
import type { ContrastPlan } from './contrast.svelte'
import { contrastMade } from '../../experiments/contrasts'
import { methodNames } from './method'
import { adapterDrift, isFitFor, madeOfFit, type DirectionSet, type Fits } from './fits.svelte'
import { importDirections } from './imported'
import type { FileReaders } from '../drop/readers'
import type { Models } from '../models/models.svelte'
import type { Prompts } from '../prompts/prompts.svelte'
import { savedSet, type SavedDirection } from './saved-direction'

interface Parts {
  readonly models: Models
  readonly fits: Fits
  readonly prompts: Prompts
  readonly contrast: ContrastPlan
  readonly readers: FileReaders
}

/** The directions that the model in use is steered by: fitted, taken from files, or saved before. */
export class InUse {
  readonly #parts: Parts

  /** The directions in use, where they belong to the open model. */
  readonly fit: DirectionSet | null = $derived.by(() => {
    const { models, fits } = this.#parts
    const { active } = models
    const { chosen } = fits
    return active && chosen && isFitFor(chosen, active.info) ? chosen : null
  })

  /** How the model differs from the one that the directions in use are of, in one sentence; null where it does not. */
  readonly drift: string | null = $derived.by(() => {
    const { active } = this.#parts.models
    return this.fit && active ? adapterDrift(this.fit, active.info) : null
  })

  /** Whether the lists were edited since the fit in use. */
  readonly isStale = $derived.by(() => {
    const { fit } = this
    const { positive, negative } = this.#parts.prompts
    const isOfLists = fit?.kind === 'fitted' && fit.contrast === 'lists'
    return isOfLists && [...fit.positive, '', ...fit.negative].join('\n') !== [...positive, '', ...negative].join('\n')
  })

  /** How the fit in use was made otherwise than the next one would be, in one sentence; null where it was not. */
  readonly outdated: string | null = $derived.by(() => {
    const { fit } = this
    const info = this.#parts.models.active?.info
    if (fit?.kind !== 'fitted' || !info) return null
    return describeDifferences(differences(madeOfFit(fit), this.#next(info)))
  })

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** What the next fit would be made under. */
  #next(info: ModelInfo): Circumstances {
    const { contrast, prompts, fits } = this.#parts
    const { kind, adapter, positiveName, negativeName } = contrast
    const method = methodNames[fits.method]
    const names = { positiveName, negativeName, positive: prompts.positive, negative: prompts.negative }
    if (kind === 'lists') return { model: madeOn(info), contrast: contrastMade(names), method }
    const under = { id: adapter?.id ?? '', sha256: adapter?.sha256 ?? '', scale: 1 }
    return { model: { ...madeOn(info), adapter: under }, contrast: contrastMade({ ...names, under }), method }
  }

  /** Fits the contrast on the model in use. */
  async run(): Promise<void> {
    const { models, fits, contrast } = this.#parts
    const { active } = models
    if (active) await fits.run(active, () => contrast.task())
  }

  /**
   * Takes directions from files for the model in use, and chooses them.
   * @param layer for a single vector whose file names no layer
   * @throws LabError `format` for files that cannot be read, `shape` for directions of another model
   */
  async take(files: readonly NamedFile[], layer: number | null): Promise<void> {
    const { models, fits, readers } = this.#parts
    const { active } = models
    if (!active) throw new LabError('shape', 'no model is open; open the one that the directions are for')
    const { info } = active
    fits.addImported(await importDirections(files[0]?.name ?? '', await readers.directions(files), info, layer), info)
  }

  /**
   * Puts a saved direction on the bench, where it is not there yet, and chooses it.
   * @throws LabError `shape` with both names for another model than the open one
   */
  useSaved(saved: SavedDirection): void {
    const { models, fits } = this.#parts
    const { active } = models
    if (!active) throw new LabError('shape', 'no model is open; open the one that the direction is for')
    const { direction, name } = saved
    assertFits(direction, { model: active.info, width: active.info.width, layer: direction.layer })
    const known = fits.list.find(
      (set) => set.kind === 'imported' && set.directions[0] === direction && set.name === name
    )
    if (known) fits.choose(known)
    else fits.addImported(savedSet(saved), active.info)
  }
}
