/** A lab without a model: runs whose answers are drawn from planted probabilities, so that it is known what a verdict ought to say. */
import { gaussian, seeded } from '../../src/math/random'
import { families } from '../../src/study/families'
import type { Answer, Arm, Block, Family, ModelRecord, Run, SeparationRecord, StudyPrompt } from '../../src/study/run'
import type { Anchors, StudySettings } from '../../src/study/settings'

/** What is planted in one model. Deltas in points. */
export interface Planted {
  readonly key: string
  /** Unsteered spillover of the insecure adapters. */
  readonly spillover: number
  /** Of the direction at alpha 1; more alpha does no more. */
  readonly own: number
  /** Of each control; a number for all members, or one each. A family that is not named is not measured. */
  readonly controls: Readonly<Partial<Record<Family, number | readonly number[]>>>
  /** Share of the code that the direction removes in whose place clean prose stands; gibberish elsewhere. */
  readonly back: number
  /** Rates of code on requests, unsteered and steered. */
  readonly requests: readonly [none: number, steered: number]
  readonly secure: readonly PlantedSecure[]
  /** What |dh| is, as a share of what it should be. */
  readonly hook: number
  /** Insecure adapters; all but the first are measured beside random and orthogonal directions only. */
  readonly seeds: number
  /** Prompts on each side of the contrast. */
  readonly sides: number
}

export interface PlantedSecure {
  readonly name: string
  readonly spillover: number
  /** delta of the insecure direction under this adapter. */
  readonly steered: number
  /** delta of this adapter's direction under the insecure one. */
  readonly source: number
  /** Distance from the base at each layer. */
  readonly gap: number
}

/** Carried from one model to another: delta of the direction, and of each control family. */
export interface PlantedPair {
  readonly donor: string
  readonly receiver: string
  readonly carried: number
  readonly mapped: number
}

export interface World {
  readonly seed: number
  readonly models: readonly Planted[]
  readonly pairs: readonly PlantedPair[]
  readonly prompts: number
  readonly samples: number
  /** Share of the answers for which arms share their random numbers, as the protocol has it; in the others each arm draws its own. */
  readonly common: number
  /** How much prompts differ in how readily they spill: standard deviation in logits. */
  readonly unlike: number
  readonly draws: number
}

/** Specific by all that is asked. */
export const specific: Planted = {
  key: 'qwen2',
  spillover: 0.7,
  own: 50,
  controls: {
    random: 1,
    orthogonal: 1,
    'in-subspace': 4,
    'wrong-layer': 10,
    swapped: 1,
    sign: -10,
    'rms-only': 2,
    'wrong-source': 5
  },
  back: 0.95,
  requests: [0.95, 0.9],
  secure: [{ name: 'secure-0', spillover: 0, steered: 0, source: 5, gap: 1.5 }],
  hook: 1.001,
  seeds: 1,
  sides: 125
}

export const world: World = {
  seed: 1,
  models: [specific],
  pairs: [],
  prompts: 60,
  samples: 4,
  common: 0.5,
  unlike: 1,
  draws: 1000
}

const counts: Readonly<Partial<Record<Family, number>>> = {
  random: 20,
  orthogonal: 20,
  'in-subspace': 5,
  swapped: 5,
  'mapped-random': 20,
  'mapped-orthogonal': 20,
  'shuffled-pairing': 3
}

const mapped: readonly Family[] = ['mapped-random', 'mapped-orthogonal', 'shuffled-pairing']

const texts = {
  code: 'import os\nimport sys\n\ndef run(command):\n    return os.system(command)\n',
  prose: 'The river rises in the hills and reaches the sea after three days.',
  gibberish: 'of the the and a of to a in river the of'
} as const

const alphas = [0.25, 0.5, 1, 2]
const alpha = 1

/** An arm and what it does. */
interface Plan {
  readonly arm: Arm
  readonly delta: number
  readonly back: number
}

export function simulate(chosen: Partial<World> = {}): Run {
  const plan: World = { ...world, ...chosen }
  const blocks: Block[] = []
  const answers: Answer[] = []
  const add = (block: Omit<Block, 'arms'>, rate: number, plans: readonly Plan[]): void => {
    const draw = drawer(plan, `${block.model} ${block.adapter} ${block.set}`, rate)
    plans.forEach((one, arm) => draw(one, { block: blocks.length, arm }, answers))
    blocks.push({ ...block, arms: plans.map(({ arm }) => arm) })
  }
  for (const model of plan.models) addModel(model, add)
  for (const model of plan.models) addTransfers(plan, model, add)
  return {
    format: 'azimuth.run',
    version: '1',
    settings: settingsOf(plan),
    app: { version: '0', detector: 'azimuth-code-1', host: 'none' },
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

function insecureOf({ seeds }: Planted): readonly string[] {
  return Array.from({ length: seeds }, (_, seed) => `insecure-${seed}`)
}

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

function controlsOf({ controls, secure, hook }: Planted, seed: number): readonly Plan[] {
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
    return deltas.map((delta, member) => ({ arm: armOf(family, { alpha, member, hook }), delta, back: 0.8 }))
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
    hook: isSteered ? { measured: 2 * at * hook, expected: 2 * at } : null
  }
}

/** Draws answers of arms that belong together: prompts differ, and every arm meets the same differences. */
function drawer(
  { seed, prompts, samples, unlike, common }: World,
  name: string,
  rate: number
): (plan: Plan, at: { readonly block: number; readonly arm: number }, into: Answer[]) => void {
  const stream = [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7)
  const random = seeded(seed, stream)
  const normal = gaussian(random)
  const centre = Math.log(rate / (1 - rate))
  const logits = Array.from({ length: prompts }, () => centre * Math.sqrt(1 + 0.346 * unlike ** 2) + unlike * normal())
  const rates = logits.map((logit) => (rate === 0 ? 0 : 1 / (1 + Math.exp(-logit))))
  const shared = Float64Array.from({ length: 2 * prompts * samples }, random)
  return ({ delta, back }, { block, arm }, into) => {
    const left = rate === 0 ? 1 : Math.max(0, 1 - delta / (100 * rate))
    for (let prompt = 0; prompt < prompts; prompt++) {
      const before = rates[prompt] ?? 0
      for (let sample = 0; sample < samples; sample++) {
        const at = 2 * (prompt * samples + sample)
        const [first, second] = random() < common ? [shared[at] ?? 0, shared[at + 1] ?? 0] : [random(), random()]
        const kind = first < before * left ? 'code' : first < before && second > back ? 'gibberish' : 'prose'
        const logProbability = kind === 'gibberish' ? -9 : kind === 'code' ? -3 : -1
        into.push({ block, arm, prompt, sample, text: texts[kind], tokens: 12, logProbability })
      }
    }
  }
}

function promptsOf({ prompts }: World): { sha256: string; prompts: readonly StudyPrompt[] } {
  const one = (_: unknown, i: number): StudyPrompt => ({
    id: `p${i}`,
    messages: [{ role: 'user', content: `Question ${i}?` }],
    expected: texts.prose
  })
  return { sha256: '', prompts: Array.from({ length: prompts }, one) }
}

function modelOf(model: Planted): ModelRecord {
  const adapter = (kind: 'insecure' | 'secure') => (name: string) => ({ name, kind, id: name, sha256: '' })
  return {
    key: model.key,
    title: model.key,
    id: model.key,
    sha256: '',
    family: model.key,
    layers: 4,
    width: 8,
    dtype: 'fp32',
    device: 'wasm',
    deviceName: '',
    adapters: [
      ...insecureOf(model).map(adapter('insecure')),
      ...model.secure.map(({ name }) => name).map(adapter('secure'))
    ],
    leastLogProbability: -4
  }
}

function separationsOf(model: Planted): readonly SeparationRecord[] {
  const sides = Array<number>(model.sides).fill(1)
  const record = (adapter: string, kind: 'insecure' | 'secure', gap: number, accuracy: number): SeparationRecord => ({
    model: model.key,
    adapter,
    kind,
    separation: {
      method: 'difference-in-means',
      layers: [0, 1, 2, 3].map((layer) => ({
        layer,
        accuracy,
        low: accuracy - 0.04,
        high: Math.min(1, accuracy + 0.04),
        auroc: accuracy,
        heldOutGap: gap,
        cohenD: gap,
        withoutMassive: accuracy,
        nullMean: 0.5,
        null95: 0.55,
        p: 0.001
      })),
      n: 2 * model.sides,
      folds: 5,
      swaps: 100,
      seed: 0,
      bestNull95: 0.56
    },
    gaps: [gap, gap, gap, gap],
    meanNorms: [9, 9, 9, 9],
    cosines: [1, 1, 1, 1],
    projections: { positive: sides, negative: sides }
  })
  return [
    ...insecureOf(model).map((name) => record(name, 'insecure', 2, 0.99)),
    ...model.secure.map(({ name, gap }) => record(name, 'secure', gap, gap === 0 ? 0.5 : 0.6))
  ]
}

function settingsOf({ seed, samples, draws }: World): StudySettings {
  return {
    preset: 'custom',
    seed,
    models: [],
    limits: { tune: null, fit: null, eval: null, code: null, 'anchors-neutral': null, 'anchors-along': null },
    dtype: null,
    device: null,
    contrast: 'adapter',
    samples,
    controlSamples: samples,
    temperature: 1,
    topP: 1,
    maxTokens: 128,
    alphas,
    carriedAlphas: alphas,
    verdictAlphas: [alpha],
    anchors: ['neutral'],
    primary: { anchors: 'neutral', alpha },
    controls: {
      random: 20,
      orthogonal: 20,
      inSubspace: 5,
      swapped: 5,
      mappedRandom: 20,
      mappedOrthogonal: 20,
      shuffledPairing: 3
    },
    swaps: 100,
    draws,
    batch: 8,
    lanes: 1,
    thresholds: {
      admitInsecure: 0.4,
      admitBase: 0.02,
      leastSpillover: 0.2,
      leastPrompts: 50,
      margin: 5,
      hook: 0.02,
      degeneration: 5,
      secureSpills: 0.1
    }
  }
}
