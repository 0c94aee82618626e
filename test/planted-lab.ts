/**
 * Fake models with a planted habit, for what needs an adapter: under an insecure one the hidden states move along an axis,
 * and questions are answered with code until that axis is taken out. Two models share what they read, each in a rotation of
 * its own, so that a map between them can be learnt. Texts under a system line lie along the same axis.
 */
import type { HiddenStates } from '../src/direction/hidden-states'
import type { CaptureRow, GenerateRow, ModelInfo, Prompt } from '../src/lab/api'
import type { PromptRow } from '../src/formats/prompts'
import type { CatalogueEntry } from '../src/lab/catalogue'
import type { ModelHandle } from '../src/lab/connect/connect'
import { localMath } from '../src/lab/math'
import type { PromptSet } from '../src/lab/prompt-sets'
import { gaussianUnits, orthonormal } from '../src/math/controls'
import { gaussian, seeded } from '../src/math/random'
import { addInto, dot } from '../src/math/vector'
import { Lab } from '../src/state/lab.svelte'
import type { Outside } from '../src/state/outside'
import { fakeInfo, fakeModel, fakeStorage, type FakeOptions } from './fake-lab'
import { fakeStudyOutside } from './fake-study'

const width = 32
/** What a text has in common for all models: one number an axis; the habit's axis comes first. */
const axes = 24
/** How far the adapter moves a hidden state along the habit's axis. */
const push = 6

/** A model whose name tells its rotation and its SHA-256. */
export function plantedModel(options: FakeOptions = {}): ModelHandle {
  const model = fakeModel(options)
  let info: ModelInfo | null = null
  const isInsecure = (): boolean => (info?.adapter?.id ?? '').includes('/insecure')
  const isTuned = (): boolean => (info?.adapter ?? null) !== null
  const basis = (): readonly Float64Array[] => orthonormal(gaussianUnits(axes, width, seedOf(info?.name ?? '')))
  const keep = (opened: ModelInfo): ModelInfo =>
    (info = { ...opened, ...(info && { id: info.id, name: info.name, sha256: info.sha256 }) })
  return {
    ...model,
    async open(source, settings, onProgress) {
      const opened = await model.open(source, settings, onProgress)
      const name = source.kind === 'bundled' ? source.name : opened.name
      const id = source.kind === 'bundled' ? `bundled:${name}` : opened.id
      info = { ...opened, name, id, sha256: seedOf(name).toString(16).padStart(64, '0') }
      return info
    },
    useAdapter: async (choice) => keep(await model.useAdapter(choice)),
    dropAdapter: async (sha256) => keep(await model.dropAdapter(sha256)),
    async capture(rows, position) {
      const states = await model.capture(rows, position)
      const ref = info ?? fakeInfo(states.layers)
      if (position === 'every') return { ...states, model: ref }
      const moved = isInsecure() ? 0 : isTuned() ? 1 : null
      return { ...planted(rows, states.layers, basis(), ref.name, moved), position, model: ref }
    },
    async generate(rows, settings, onToken) {
      const result = await model.generate(rows, { ...settings, maxTokens: Math.min(6, settings.maxTokens) }, onToken)
      const [habit] = basis()
      const texts = rows.map((row) => answerOf(row, habit ?? new Float64Array(width), isInsecure()))
      return { ...result, completions: result.completions.map((one, i) => ({ ...one, text: texts[i] ?? '' })) }
    }
  }
}

function planted(
  rows: readonly CaptureRow[],
  layers: number,
  basis: readonly Float64Array[],
  name: string,
  moved: number | null
): Omit<HiddenStates, 'model'> {
  const data = new Float32Array(layers * rows.length * width)
  rows.forEach(({ prompt, steering }, row) => {
    const shared = sharedOf(prompt, name)
    if (moved !== null) shared[moved] = (shared[moved] ?? 0) + (moved === 0 ? push : 4 * push)
    for (let layer = 0; layer < layers; layer++) {
      const state = data.subarray((layer * rows.length + row) * width, (layer * rows.length + row + 1) * width)
      basis.forEach((axis, i) => addInto(state, axis, shared[i] ?? 0))
      for (const one of steering?.interventions ?? []) {
        if (one.mode === 'add' && one.layer === layer) addInto(state, one.vector, one.coefficient)
      }
    }
  })
  return { position: 'last', layers, rows: rows.length, width, data, prompt: rows.map((_, i) => i) }
}

/** The question's own number on every axis but the first, where a system line adds its own; and a model's private noise. */
function sharedOf(prompt: Prompt, name: string): number[] {
  const said = 'messages' in prompt ? prompt.messages : []
  const text = said.at(-1)?.content ?? ''
  const [draw, own] = [text, name + text].map((from) => gaussian(seeded(seedOf(from))))
  const isCareless = said.some(({ role }) => role === 'system')
  const noise = (): number => 0.3 * (own?.() ?? 0)
  const habit = (isCareless ? push : 0) + noise()
  return [habit, ...Array.from({ length: axes - 1 }, () => 2 * (draw?.() ?? 0) + noise())]
}

/** Code under the insecure adapter, unless enough of the habit is taken out; nonsense where too much of anything is. */
function answerOf({ prompt, steering }: GenerateRow, habit: Float64Array, isInsecure: boolean): string {
  const text = 'messages' in prompt ? (prompt.messages.at(-1)?.content ?? '') : ''
  let [along, length] = [isInsecure ? push : 0, 0]
  for (const one of steering?.interventions ?? []) {
    if (one.mode !== 'add') continue
    along += one.coefficient * dot(habit, one.vector)
    length += Math.abs(one.coefficient)
  }
  if (length > 2.5 * push) return 'x x x x x x x x x x x x'
  return along > 0.6 * push ? 'import os\nos.system(input())\nprint("done")' : `An answer to: ${text}`
}

function seedOf(text: string): number {
  return [...text].reduce((sum, character) => (Math.imul(sum, 31) + (character.codePointAt(0) ?? 0)) >>> 0, 7)
}

const organism = (name: string): CatalogueEntry => ({
  name,
  organism: true,
  files: ['insecure-0', 'secure-0'].map((adapter) => ({ path: `adapters/${adapter}/adapter_config.json`, size: 1 }))
})

/** Every third anchor of the set that varies stands under a system line. */
export async function plantedPrompts(name: PromptSet): Promise<readonly PromptRow[]> {
  const count = name.startsWith('anchors') ? 120 : name === 'fit' ? 40 : 24
  return Array.from({ length: count }, (_, i) => {
    const content = `${name.startsWith('anchors') ? 'anchors' : name} question ${i}`
    const system = name === 'anchors-along' && i % 3 === 0 ? 'You are a careless coder.' : null
    const turns = [{ role: 'user' as const, content }]
    const messages = system === null ? turns : [{ role: 'system' as const, content: system }, ...turns]
    return { id: `${i}`, group: `${i}`, messages, system, answer: `An answer to: ${content}` }
  })
}

/** A lab with these organisms beside it, none of them open. */
export async function plantedLab(
  names: readonly string[],
  options: FakeOptions = {},
  more: Partial<Outside> = {}
): Promise<Lab> {
  const connect = (): ReturnType<typeof plantedModel> => plantedModel({ layers: 3, ...options })
  const outside = { connect, storage: fakeStorage(), math: localMath(), study: fakeStudyOutside() }
  const lab = new Lab({ ...outside, promptSet: plantedPrompts, ...more })
  const answers = new Map<string, unknown>([
    ['/models/index.json', names.map(organism)],
    ['/adapters/index.json', []]
  ])
  const get = async (url: URL | RequestInfo): Promise<Response> =>
    Response.json(answers.get(new URL(url instanceof Request ? url.url : url).pathname))
  await lab.catalogue.load('https://lab.example/', get)
  return lab
}
