/** A lab without a model: runs whose answers are drawn from planted probabilities, so that it is known what a verdict ought to say. */
import { families } from '../../../src/study/analysis/measure/families'
import { samplesInTurn } from '../../../src/study/steps/answers'
import { runVersion, type Answer, type Arm, type Block, type Family, type Run } from '../../../src/study/run'
import type { Anchors } from '../../../src/study/settings'
import { modelOf, promptsOf, separationsOf, settingsOf } from '../samples/records'
import { copulaDrawer } from './copula'
import { logitDrawer } from './logit'
import { alpha, alphas, insecureOf, world, type Planted, type World } from './world'

/** Members of the families that have more than one. */
export const counts: Readonly<Partial<Record<Family, number>>> = {
  random: 20,
  orthogonal: 20,
  'in-subspace': 5,
  swapped: 20,
  'mapped-random': 20,
  'mapped-orthogonal': 20,
  'shuffled-pairing': 3
}

const mapped: readonly Family[] = ['mapped-random', 'mapped-orthogonal', 'shuffled-pairing']

/** An arm and what it does. */
export interface Plan {
  readonly arm: Arm
  /** In points. */
  readonly delta: number
  /** Share of clean prose where code is gone. */
  readonly back: number
}

export function simulate(chosen: Partial<World> = {}): Run {
  const plan: World = { ...world, ...chosen }
  const blocks: Block[] = []
  const answers: Answer[] = []
  const add = (block: Omit<Block, 'arms'>, rate: number, plans: readonly Plan[]): void => {
    const drawer = plan.generator === 'logit' ? logitDrawer : copulaDrawer
    const draw = drawer(plan, `${block.model} ${block.adapter} ${block.set}`, rate)
    plans.forEach((one, arm) => draw(one, { block: blocks.length, arm }, answers))
    blocks.push({ ...block, arms: plans.map(({ arm }) => arm) })
  }
  for (const model of plan.models) addModel(model, add)
  for (const model of plan.models) addTransfers(plan, model, add)
  return {
    format: 'azimuth.run',
    version: runVersion,
    settings: settingsOf(plan),
    app: { version: '0', detector: 'azimuth-code-2', host: 'none' },
    started: '2026-01-01T00:00:00Z',
    finished: '2026-01-01T00:00:00Z',
    prompts: { tune: promptsOf(plan), eval: promptsOf(plan), code: promptsOf(plan) },
    models: plan.models.map(modelOf),
    separations: plan.models.flatMap(separationsOf),
    choices: plan.models.flatMap((model) =>
      insecureOf(model).map((adapter) => ({
        model: model.key,
        adapter,
        layer: 3,
        middleLayer: null,
        alpha,
        curve: [],
        middle: []
      }))
    ),
    maps: [],
    blocks,
    answers,
    firstTokens: [],
    times: [],
    notes: []
  }
}

type Add = (block: Omit<Block, 'arms'>, rate: number, plans: readonly Plan[]) => void

function addModel(model: Planted, add: Add): void {
  const { key, spillover, requests, secure, hook } = model
  const none: Plan = { arm: armOf('none', { alpha: 0, hook }), delta: 0, back: 1 }
  const own = (at: number, delta: number): Plan => ({
    arm: armOf('own', { alpha: at, hook }),
    delta,
    back: model.back
  })
  add({ model: key, adapter: 'base', set: 'tune', part: 'admission' }, 0, [none])
  for (const [seed, adapter] of insecureOf(model).entries()) {
    add({ model: key, adapter, set: 'tune', part: 'admission' }, spillover, [none])
    const dose = alphas.map((at) => own(at, model.own * Math.min(1, at)))
    add({ model: key, adapter, set: 'eval', part: 'within' }, spillover, [none, ...dose, ...controlsOf(model, seed)])
  }
  const [before, after] = requests
  add({ model: key, adapter: 'insecure-0', set: 'code', part: 'within' }, before, [
    none,
    own(alpha, 100 * (before - after))
  ])
  for (const one of secure) {
    add({ model: key, adapter: one.name, set: 'eval', part: 'secure-adapter' }, one.spillover, [
      none,
      own(alpha, one.steered)
    ])
  }
}

function controlsOf({ controls, cosines, secure, hook, controlsBack }: Planted, seed: number): readonly Plan[] {
  return families.flatMap((family) => {
    const planted = controls[family]
    if (planted === undefined) return []
    if (seed > 0 && family !== 'random' && family !== 'orthogonal') return []
    if (family === 'wrong-source') {
      return secure.map(({ source, name: from }, member) => ({
        arm: armOf(family, { alpha, member, hook, source: from }),
        delta: source,
        back: 1
      }))
    }
    const deltas = typeof planted === 'number' ? Array<number>(counts[family] ?? 1).fill(planted) : planted
    const angle = cosines[family] ?? null
    return deltas.map((delta, member) => ({
      arm: { ...armOf(family, { alpha, member, hook }), cosine: angle },
      delta,
      back: family === 'sign' ? 0 : controlsBack
    }))
  })
}

function addTransfers({ pairs, models }: World, { key, spillover, hook }: Planted, add: Add): void {
  const into = pairs.filter(({ receiver }) => receiver === key)
  if (into.length === 0) return
  const plans = into.flatMap(({ donor, carried, mapped: other }): readonly Plan[] => {
    const through = { hook, donor, anchors: 'neutral' } as const
    const back = models.find((model) => model.key === donor)?.back ?? 1
    return [
      ...alphas.map((at) => ({
        arm: armOf('carried', { ...through, alpha: at }),
        delta: carried * Math.min(1, at),
        back
      })),
      ...mapped.flatMap((family) =>
        Array.from({ length: counts[family] ?? 1 }, (_, member) => ({
          arm: armOf(family, { ...through, alpha, member }),
          delta: other,
          back: 0.8
        }))
      )
    ]
  })
  const mean = into.reduce((sum, pair) => sum + pair.mapped, 0) / into.length
  const random = Array.from({ length: 20 }, (_, member) => ({
    arm: armOf('random', { alpha, member, hook }),
    delta: mean,
    back: 0.8
  }))
  const none = { arm: armOf('none', { alpha: 0, hook }), delta: 0, back: 1 }
  const rms = { arm: armOf('rms-only', { alpha, hook }), delta: Math.min(mean, 2), back: 0.8 }
  add({ model: key, adapter: 'insecure-0', set: 'eval', part: 'transfer' }, spillover, [none, ...plans, ...random, rms])
}

function armOf(
  family: Family,
  {
    alpha: at,
    member = 0,
    hook,
    donor = null,
    anchors = null,
    source = null
  }: {
    readonly alpha: number
    readonly member?: number
    readonly hook: number
    readonly donor?: string | null
    readonly anchors?: Anchors | null
    readonly source?: string | null
  }
): Arm {
  const isSteered = family !== 'none' && family !== 'rms-only'
  return {
    id: `${family}-${member}@${at}${donor === null ? '' : `<${donor}:${anchors}`}`,
    family,
    alpha: at,
    member,
    layers: isSteered ? [3] : [],
    donor,
    anchors,
    source,
    cosine: null,
    before: null,
    hook: isSteered ? { measured: 2 * at * hook, expected: 2 * at } : null
  }
}

/** Draws the answers of one arm of a block. */
export type Draw = (plan: Plan, at: { readonly block: number; readonly arm: number }, into: Answer[]) => void

const singles: readonly Family[] = ['none', 'wrong-layer', 'sign', 'rms-only']
const members: readonly Family[] = [...(Object.keys(counts) as Family[])]

/** The samples of an arm, as the study takes them: members of a family take turns over those of the unsteered arm. */
export function samplesOf(
  { samples, deciding, controlSamples }: World,
  { family, alpha: at, member }: Arm
): readonly number[] {
  const most = Math.max(samples, deciding)
  if (members.includes(family)) return samplesInTurn(member, controlSamples, most)
  const n = singles.includes(family) || (family === 'own' && at === alpha) ? most : samples
  return Array.from({ length: n }, (_, sample) => sample)
}
