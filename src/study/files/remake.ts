/** A part of a run made again from its own settings and prompts: what a re-check compares it with. */
import { seeded, shuffled } from '../../math/random'
import { vectorsOf } from './extra'
import { memoryJournal } from '../journal'
import { runStudy, type StudyLab, type StudyOptions } from '../protocol'
import type { Replay } from './recheck'
import type { Run, StudyPrompt } from '../run'
import { mapSets, type SetName } from '../settings'

export interface RemakeOptions extends Pick<StudyOptions, 'signal' | 'onProgress'> {
  /** Prompts of `eval` and of `code` that are asked again, in every arm. Default 2. */
  readonly prompts?: number
  /** Which. Default 0. */
  readonly seed?: number
}

/** The sets of which some prompts are enough; the others decide what the arms are. */
const asked: readonly SetName[] = ['eval', 'code']

/**
 * Runs the study again, all of what its arms rest on and the answers to a few prompts, whose random numbers are theirs
 * whatever is asked beside them.
 * @throws what `runStudy` throws
 */
export async function remake(
  run: Run,
  lab: Omit<StudyLab, 'loadPrompts'>,
  { prompts = 2, seed = 0, ...options }: RemakeOptions = {}
): Promise<Replay> {
  const chosen = new Map(asked.map((set) => [set, choose(run.prompts[set]?.prompts.length ?? 0, prompts, seed)]))
  const loadPrompts = (set: SetName): Promise<readonly StudyPrompt[]> => {
    const all = run.prompts[set]?.prompts ?? []
    return Promise.resolve(chosen.get(set)?.flatMap((place) => all.slice(place, place + 1)) ?? all)
  }
  const again = await runStudy(
    { ...run.settings, limits: mapSets(() => null) },
    { ...lab, loadPrompts },
    { ...options, journal: memoryJournal() }
  )
  const texts = new Map(
    again.run.answers.map(({ block, arm, prompt, sample, text }) => [[block, arm, prompt, sample].join(), text])
  )
  const { tensors } = vectorsOf(again)
  const placeOf = (block: number, prompt: number): number => {
    const set = run.blocks[block]?.set
    return set === undefined ? -1 : (chosen.get(set)?.indexOf(prompt) ?? prompt)
  }
  return {
    has: ({ block, prompt }) => placeOf(block, prompt) >= 0,
    answer: (block, arm, prompt, sample) =>
      Promise.resolve(texts.get([block, arm, placeOf(block, prompt), sample].join()) ?? ''),
    hidden(model, adapter, set, prompt) {
      const array = tensors.get(model)?.get(set === 'fit' ? `fit.${adapter}` : set)
      const width = array?.shape[1] ?? 0
      return Promise.resolve(array?.data.subarray(prompt * width, (prompt + 1) * width) ?? null)
    }
  }
}

function choose(count: number, some: number, seed: number): readonly number[] {
  return shuffled([...Array(count).keys()], seeded(seed)).slice(0, some)
}
