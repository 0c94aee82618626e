/** Models in workers of the lab page, opened and asked from a spec. */
import { expect, type JSHandle, type Page } from '@playwright/test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { GenerateResult, GenerateRow, ModelInfo, OpenOptions, Prompt, Steering } from '../../src/lab/api'
import type { ModelHandle } from '../../src/lab/connect/connect'
import { hiddenState, type HiddenStates } from '../../src/direction/hidden-states'
import { graphPath, type Fixture, type Precision } from '../fixtures'

export type Model = JSHandle<ModelHandle>

/** The fixture's files that a page needs to open it in one precision. */
export function filesOf(fixture: Fixture, precision: Precision = 'fp32'): readonly string[] {
  const graph = graphPath(fixture, precision).slice(fixture.folder.length + 1)
  const embedding = fixture.reference.layout.startsWith('split') ? ['onnx/embed_tokens.onnx'] : []
  const graphs = [graph, ...embedding]
  const data = graphs.map((path) => `${path}_data`).filter((path) => existsSync(join(fixture.folder, path)))
  return ['config.json', ...graphs, ...data]
}

/** Connects to a new worker, `counting` or plain. */
export function connect(page: Page, kind: 'plain' | 'counting' = 'plain'): Promise<Model> {
  return page.evaluateHandle(
    (wanted) => (wanted === 'counting' ? window.lab.connectCounting() : window.lab.connectModel()),
    kind
  )
}

export function open(model: Model, fixture: Fixture, options: OpenOptions & { dtype: Precision }): Promise<ModelInfo> {
  const { name, reference } = fixture
  return model.evaluate(
    async (handle, wanted) =>
      handle.open(await window.lab.fixtureSource(wanted.name, wanted.files, wanted.vocab), wanted.options),
    { name, files: filesOf(fixture, options.dtype), vocab: reference.vocab, options }
  )
}

/** Hidden states of every token of the fixture's prompts, captured as one batch. */
export function captureEvery(model: Model, { reference }: Fixture, steering?: Steering): Promise<HiddenStates> {
  const rows = reference.prompts.map((ids) => ({ prompt: { ids }, ...(steering && { steering }) }))
  return model.evaluate((handle, given) => handle.capture(given, 'every'), rows)
}

/** `[row][vocabulary]` */
export function logits(model: Model, { reference }: Fixture): Promise<Float32Array> {
  const rows = reference.prompts.map((ids) => ({ prompt: { ids } }))
  return model.evaluate((handle, given) => handle.logits(given), rows)
}

export function greedy(model: Model, rows: readonly GenerateRow[], maxTokens = 12): Promise<GenerateResult> {
  const options = { maxTokens, sampling: { temperature: 0 } }
  return model.evaluate((handle, given) => handle.generate(given.rows, given.options), { rows, options })
}

/** Largest difference to PyTorch's hidden states `[layer][row][S][width]`, over all layers and real tokens. */
export function hiddenError({ tensors, reference }: Fixture, states: HiddenStates, name: string): number {
  const { layers, width, prompts } = reference
  const want = tensors.get(name)
  const S = want?.dims[2] ?? 0
  expect(states).toMatchObject({ layers, width, rows: prompts.flat().length })
  let largest = 0
  for (let layer = 0; layer < layers; layer++) {
    for (let i = 0; i < states.rows; i++) {
      const row = states.prompt[i] ?? 0
      const token = i - states.prompt.indexOf(row)
      const start = ((layer * prompts.length + row) * S + token) * width
      hiddenState(states, layer, i).forEach((x, k) => {
        const difference = Math.abs(x - (want?.data[start + k] ?? NaN))
        // Written so that NaN counts as a difference.
        if (!(difference <= largest)) largest = difference
      })
    }
  }
  return largest
}

/** Steering of the fixture's reference answers: a vector added after the first block, a direction taken out after the last. */
export function addAblate({ reference, tensors }: Fixture): Steering {
  const vector = (name: string): Float32Array => tensors.get(name)?.data ?? new Float32Array()
  return {
    interventions: [
      { mode: 'add', layer: 0, vector: vector('steer.add_ablate.0.b'), coefficient: 1 },
      { mode: 'ablate', layer: reference.layers - 1, vector: vector('direction.d') }
    ]
  }
}

export const idsPrompt = (ids: readonly number[]): Prompt => ({ ids })
