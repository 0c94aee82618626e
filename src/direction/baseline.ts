/** A contrast that should separate nothing. It is a contrast like any other. */
import { seeded } from '../math/random'
import { byPrompt, type Contrast } from './contrast'
import { selectRows, type HiddenStates } from './hidden-states'
import { joinHiddenStates } from './join'
import { makeTask, swapLabels } from './task'

/** The labels of half of the prompts swapped where the sides share them, else shuffled: what is left to find is chance. */
export function shuffledContrast(contrast: Contrast, seed: number): Contrast {
  const { positive, negative, ...rest } = byPrompt(contrast)
  const task = makeTask({ positive, negative, ...rest })
  const labels = swapLabels(task, new Int32Array(task.labels.length), seeded(seed), true)
  const joined = joinHiddenStates([positive, { ...negative, model: positive.model }])
  const all = rest.samePrompts ? { ...joined, prompt: [...positive.prompt, ...negative.prompt] } : joined
  const side = (sign: number): HiddenStates => {
    const rows = [...labels.keys()].filter((row) => labels[row] === sign)
    return selectRows(
      all,
      rows.sort((a, b) => (all.prompt[a] ?? a) - (all.prompt[b] ?? b))
    )
  }
  return { ...rest, positive: side(1), negative: side(-1) }
}
