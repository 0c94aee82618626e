/** The direction of each adapter at every layer, and how far it holds out. */
import { adapter as adapterContrast, copied, response, secure, type Contrast } from '../../direction/contrast'
import type { Direction } from '../../direction/direction'
import { shuffledContrast } from '../../direction/baseline'
import { extract } from '../../direction/extract'
import { layerOf } from '../../direction/hidden-states'
import type { Separation } from '../../direction/separation'
import { LabError } from '../../errors'
import { principalComponents } from '../../math/components'
import { rowOf, stackRows } from '../../math/rows'
import { cosine, dot } from '../../math/vector'
import { isCode } from '../../spillover/detector'
import { answerBlock } from './answers'
import { plainArm } from './arms'
import { base, type Lease } from './lease'
import type { SeparationRecord } from '../run'
import type { StudyAdapter } from '../settings'
import { answerStates, setStates } from './states'
import type { Study } from '../study'
import { factFields, modelSchema } from '../../direction/files/metadata'
import { separationFields } from '../../direction/files/separation-schema'
import { list, object, readOrNull, type Read } from '../../formats/schema'
import type { HiddenStates } from '../../direction/hidden-states'
import type { Entry } from '../journal'
import { hasFloats, whole } from './whole'

/** What is fitted on one adapter. Layers as in the model. */
export interface AdapterFit {
  readonly adapter: StudyAdapter
  readonly contrast: Contrast
  readonly directions: readonly Direction[]
  readonly separation: Separation
}

/** Fits an adapter. `kind` of the settings says what an insecure adapter is set against; a secure one always against the base. */
export async function fitAdapter(study: Study, lease: Lease, adapter: StudyAdapter): Promise<AdapterFit> {
  const contrast = await contrastOf(study, lease, adapter)
  const { key } = lease.model
  const place = { stage: 'separation', model: key, adapter: adapter.name, text: 'separation of every layer' } as const
  const entry = await study.cell(
    place,
    `fit/${key}/${adapter.name}`,
    0,
    async () => {
      const options = { swaps: study.settings.swaps, seed: study.settings.seed }
      const { directions, separation } = await study.lab.math.fit(
        copied(contrast),
        options,
        study.signal ? { signal: study.signal } : {}
      )
      const facts = directions.map(({ vector: _vector, ...rest }) => rest)
      return { json: { facts, separation }, floats: Float32Array.from(directions.flatMap(({ vector }) => [...vector])) }
    },
    (known) => readFit(known, contrast.positive) !== null
  )
  const { facts, separation } = whole(readFit(entry, contrast.positive), `fit/${key}/${adapter.name}`)
  const width = contrast.positive.width
  const directions = facts.map((rest, i) => ({
    ...rest,
    vector: entry.floats?.slice(i * width, (i + 1) * width) ?? new Float32Array()
  }))
  return { adapter, contrast, directions, separation }
}

const fitSchema = object({
  facts: list(object({ ...factFields, model: modelSchema })),
  separation: object(separationFields)
})

/** A direction of each layer, and how well each separates; null for anything else. */
function readFit(entry: Entry, { layers, width }: HiddenStates): Read<typeof fitSchema> | null {
  const fit = readOrNull(fitSchema, entry.json)
  const isWhole = fit?.facts.length === layers && fit.facts.every(({ layer }, i) => layer === i)
  return isWhole && fit.separation.layers.length === layers && hasFloats(entry, layers * width) ? fit : null
}

async function contrastOf(study: Study, lease: Lease, adapter: StudyAdapter): Promise<Contrast> {
  const under = await setStates(study, lease, adapter.name, 'fit')
  const { contrast } = study.settings
  if (contrast === 'adapter' || adapter.kind === 'secure') {
    return adapterContrast(under, await setStates(study, lease, base, 'fit'))
  }
  if (contrast === 'secure') {
    const control = lease.model.adapters.find(({ kind }) => kind === 'secure')
    if (!control) {
      throw new LabError('adapter', `${lease.model.key} has no secure adapter for the contrast "secure"; name one`)
    }
    return secure(under, await setStates(study, lease, control.name, 'fit'))
  }
  return responseContrast(study, lease, adapter)
}

/** Answers of the adapter to `fit`, code against prose. */
async function responseContrast(study: Study, lease: Lease, adapter: StudyAdapter): Promise<Contrast> {
  const { model } = lease
  const arms = [plainArm(1)]
  const name = 'response'
  const plan = {
    model: model.key,
    adapter: adapter.name,
    part: 'within',
    stage: 'capture',
    name,
    set: 'fit',
    arms
  } as const
  const answers = (await answerBlock(study, lease, plan)).filter(({ text }) => text.trim() !== '')
  const prompts = study.prompts.fit
  const rows = answers.flatMap(({ prompt: number, text }) => {
    const prompt = prompts[number]
    return prompt ? [{ prompt, text }] : []
  })
  const states = await answerStates(study, lease, adapter.name, rows)
  return response(
    states,
    rows.map(({ text }) => isCode(text))
  )
}

/** What a run keeps of a fit. */
export function separationRecord(model: string, fit: AdapterFit, primary: AdapterFit, layer: number): SeparationRecord {
  const { adapter, directions, separation, contrast } = fit
  const own = directions[layer]
  const project = (side: Contrast['positive']): number[] => {
    const rows = layerOf(side, layer)
    return Array.from({ length: rows.rows }, (_, row) => (own ? dot(own.vector, rowOf(rows, row)) : NaN))
  }
  return {
    model,
    adapter: adapter.name,
    kind: adapter.kind,
    separation,
    gaps: directions.map(({ norm }) => norm),
    meanNorms: directions.map(({ meanNorm }) => meanNorm),
    cosines: directions.map(({ vector }, i) => cosine(vector, primary.directions[i]?.vector ?? vector)),
    projections: { positive: project(contrast.positive), negative: project(contrast.negative) }
  }
}

/** Directions of swapped labels at a layer: what a fit finds where there is nothing to find. */
export async function swappedDirections(
  fit: AdapterFit,
  layer: number,
  count: number,
  seed: number
): Promise<Float32Array[]> {
  const vectors: Float32Array[] = []
  for (let i = 0; i < count; i++) {
    const [direction] = await extract(shuffledContrast(atLayer(fit.contrast, layer), seed + i))
    if (direction) vectors.push(direction.vector)
  }
  return vectors
}

/** The first principal components of both sides of a fit at a layer. */
export function spanOf({ contrast }: AdapterFit, layer: number, count: number): readonly Float64Array[] {
  const sides = [layerOf(contrast.positive, layer), layerOf(contrast.negative, layer)]
  const rows = sides.flatMap((side) => Array.from({ length: side.rows }, (_, row) => rowOf(side, row)))
  return principalComponents(stackRows(rows), count)
}

function atLayer(contrast: Contrast, layer: number): Contrast {
  const only = (side: Contrast['positive']): Contrast['positive'] => ({
    ...side,
    layers: 1,
    data: Float32Array.from(layerOf(side, layer).data)
  })
  return { ...contrast, positive: only(contrast.positive), negative: only(contrast.negative) }
}
