import { LabError } from '../errors'
import { addInto } from '../math/vector'
import { hiddenState, type HiddenStates } from './hidden-states'
import { assertSameModel, assertSameShape } from './files/model-ref'

/** Batches of one capture as one value, prompts numbered on. Refuses batches of different models or shapes. */
export function joinHiddenStates(parts: readonly HiddenStates[]): HiddenStates {
  const [first, ...rest] = parts
  if (!first) throw new LabError('shape', 'nothing was captured; add at least one prompt')
  for (const part of rest) {
    assertSameModel(first, part)
    assertSameShape(first, part)
  }
  const rows = parts.reduce((sum, part) => sum + part.rows, 0)
  const data = new Float32Array(first.layers * rows * first.width)
  const prompt: number[] = []
  let row = 0
  for (const part of parts) {
    for (let layer = 0; layer < first.layers; layer++) {
      const start = layer * part.rows * part.width
      const layerData = part.data.subarray(start, start + part.rows * part.width)
      data.set(layerData, (layer * rows + row) * first.width)
    }
    const offset = (prompt.at(-1) ?? -1) + 1
    for (const index of part.prompt) prompt.push(offset + index)
    row += part.rows
  }
  return { ...first, rows, data, prompt }
}

/**
 * States whose rows of one text count as one prompt, so that no text is fitted on under one id and held out under another.
 * `texts` has one a row.
 */
export function numberedByText(states: HiddenStates, texts: readonly string[]): HiddenStates {
  const first = new Map<string, number>()
  texts.forEach((text, row) => {
    if (!first.has(text)) first.set(text, row)
  })
  return { ...states, prompt: texts.map((text) => first.get(text) ?? -1) }
}

/** One vector a prompt, the mean of its rows, so that long answers weigh no more than short ones: `[layer][prompt][width]`. */
export function promptMeans(states: HiddenStates): HiddenStates {
  const prompts = [...new Set(states.prompt)]
  if (prompts.length === states.rows) return states
  const place = new Map(prompts.map((prompt, index) => [prompt, index]))
  const counts = prompts.map((prompt) => states.prompt.filter((other) => other === prompt).length)
  const data = new Float32Array(states.layers * prompts.length * states.width)
  for (let layer = 0; layer < states.layers; layer++) {
    states.prompt.forEach((prompt, row) => {
      const index = place.get(prompt) ?? 0
      const start = (layer * prompts.length + index) * states.width
      const mean = data.subarray(start, start + states.width)
      addInto(mean, hiddenState(states, layer, row), 1 / (counts[index] ?? 1))
    })
  }
  return { ...states, rows: prompts.length, data, prompt: prompts }
}
