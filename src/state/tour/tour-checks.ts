/** The steps of the tour that test: on held-out examples, across models, and on a fine-tune that does not spill. */
import type { RateLine } from '../../lab/arms'
import { mapTask } from '../../direction/carry'
import { adapter as adapterContrast, copied, lists, type Contrast } from '../../direction/contrast'
import { layerOf, selectRows, type HiddenStates } from '../../direction/hidden-states'
import type { MathHandle } from '../../lab/math'
import { spread } from '../../lab/prompt-sets'
import { permutation, seeded } from '../../math/random'
import { rowOf } from '../../math/rows'
import { dot } from '../../math/vector'
import { shareOf, sharesOf } from '../../spillover/outcome'
import type { Job, Tuned } from '../../experiments/subject'
import { answers, last, line, ownOf, questions, randomArms, type TourKit } from './tour-kit'
import type { RatesResult } from './tour-runs'
import { fitTransfer, subtract } from '../transfer/transfer-run'

/** How many of n examples were sorted right: those of the fit, and those held out. */
export interface HeldOutResult {
  readonly n: number
  readonly deals: number
  readonly lines: readonly RateLine[]
}

/** Questions in a pile. */
const pile = 16
const deals = 5

/** Random piles and the real contrast, each scored on what it was fitted on and on what was held out. */
export async function testHeldOut(kit: TourKit, organism: Tuned, job: Job): Promise<HeldOutResult> {
  const { base, tuned } = await ownOf(kit, organism, job)
  const scores = { random: [0, 0], real: [0, 0] }
  for (let deal = 0; deal < deals; deal++) {
    const order = permutation(base.rows, seeded(deal))
    const [one, other] = [order.slice(0, pile), order.slice(pile, 2 * pile)]
    const piles = lists(selectRows(base, one), selectRows(base, other))
    const real = adapterContrast(selectRows(tuned, one), selectRows(base, one))
    for (const [name, contrast] of [
      ['random', piles],
      ['real', real]
    ] as const) {
      const [fitted, heldOut] = await score(kit.math, contrast, job)
      scores[name] = [(scores[name][0] ?? 0) + fitted, (scores[name][1] ?? 0) + heldOut]
    }
    job.onProgress(deal + 1, deals)
  }
  const n = 2 * pile * deals
  const both = ([fitted = 0, heldOut = 0]: readonly number[]): Pick<RateLine, 'left' | 'right'> => ({
    left: shareOf(fitted, n),
    right: shareOf(heldOut, n)
  })
  return {
    n,
    deals,
    lines: [
      { label: 'Random piles', tone: 'random', ...both(scores.random) },
      { label: 'Adapter against base', tone: 'steered', ...both(scores.real) }
    ]
  }
}

/** How many of both sides lie right: of those the discriminant was fitted on, and held out. Last layer. */
async function score(math: MathHandle, contrast: Contrast, { signal }: Job): Promise<readonly [number, number]> {
  const { positive, negative } = contrast
  const options = { method: 'linear-discriminant', swaps: 0 } as const
  const { directions, separation } = await math.fit(copied(contrast), options, { signal })
  const { layer, vector, midpoint } = last(directions)
  const above = (states: HiddenStates): number => {
    const rows = layerOf(states, layer)
    return Array.from({ length: rows.rows }, (_, row) => dot(vector, rowOf(rows, row)) > midpoint).filter(Boolean)
      .length
  }
  const total = positive.rows + negative.rows
  const heldOut = Math.round((separation.layers.at(-1)?.accuracy ?? NaN) * total)
  return [above(positive) + negative.rows - above(negative), heldOut]
}

/** Rates of what two maps carry, and how well the maps predict. */
export interface AnchorsResult extends RatesResult {
  readonly donor: string
  readonly receiver: string
  readonly r2: { readonly neutral: number; readonly along: number }
  readonly cosine: { readonly neutral: number; readonly along: number }
}

/** Enough to see it, few enough to wait for. */
const anchorTexts = 200

/** Carries the donor's direction over both anchor sets, and random ones over the second. */
export async function carryOver(kit: TourKit, donor: Tuned, receiver: Tuned, job: Job): Promise<AnchorsResult> {
  const from = last((await ownOf(kit, donor, job)).directions)
  const to = last((await ownOf(kit, receiver, job)).directions)
  const over = async (set: 'neutral' | 'along'): ReturnType<typeof fitTransfer> => {
    const texts = spread(await kit.prompts(`anchors-${set}`), anchorTexts)
    const task = mapTask(
      { states: await kit.readings.read(donor.subject, texts, job), layer: from.layer },
      { states: await kit.readings.read(receiver.subject, texts, job), layer: to.layer }
    )
    return fitTransfer(kit.math, task, from, to, job)
  }
  const neutral = await over('neutral')
  const along = await over('along')
  const prompts = spread(await kit.prompts('eval'), questions)
  const random = along.beside.mapped.slice(0, randomArms)
  const carried = [neutral.beside.carried, along.beside.carried, ...random].map((one) => subtract(one, 1))
  const said = await answers(receiver, prompts, [null, ...carried], job)
  const [none = [], overNeutral = [], overAlong = [], ...mapped] = said
  return {
    n: prompts.length,
    donor: donor.subject.name,
    receiver: receiver.subject.name,
    r2: { neutral: neutral.map.ridge.r2, along: along.map.ridge.r2 },
    cosine: { neutral: neutral.beside.cosine, along: along.beside.cosine },
    lines: [
      line('Not steered', 'insecure', none),
      line('Carried, neutral anchors', 'base', overNeutral),
      line('Carried, varied anchors', 'steered', overAlong),
      ...mapped.map((arm, i) => line(`Random ${i + 1}, varied anchors`, 'random', arm))
    ]
  }
}

/** Separation and spillover of an insecure and of a secure adapter. */
export async function testLimits(kit: TourKit, insecure: Tuned, secure: Tuned, job: Job): Promise<RatesResult> {
  const prompts = spread(await kit.prompts('eval'), questions)
  const test = async (tuned: Tuned, label: string, tone: RateLine['tone']): Promise<RateLine> => {
    const { separation } = await ownOf(kit, tuned, job)
    const { accuracy = NaN } = separation.layers.at(-1) ?? {}
    const [said = []] = await answers(tuned, prompts, [null], job)
    return { label, tone, left: shareOf(accuracy * separation.n, separation.n), right: sharesOf(said).code }
  }
  return {
    n: prompts.length,
    lines: [await test(insecure, 'Insecure adapter', 'insecure'), await test(secure, 'Secure adapter', 'secure')]
  }
}
