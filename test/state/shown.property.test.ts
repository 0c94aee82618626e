/** Whatever a reader does, in whatever order: what is on the page says under what it was really made. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Direction } from '../../src/direction/direction'
import type { AdapterChoice } from '../../src/lab/api'
import type { Circumstances } from '../../src/lab/live/circumstances'
import { directionsKey } from '../../src/lab/live/direction-key'
import { steeringBy } from '../../src/lab/steering'
import { outdatedCapture } from '../../src/state/capture/capture-made'
import { madeOfFit } from '../../src/state/directions/fits.svelte'
import type { Lab } from '../../src/state/lab.svelte'
import { randomBeside } from '../../src/state/steer/arms'
import type { Locks } from '../../src/storage/lock'
import { memoryShelf } from '../../src/storage/shelf'
import type { Outside } from '../../src/state/outside'
import { shownText, type Capture } from '../../src/state/capture/capture'
import type { Answer } from '../../src/state/steer/comparison'
import { tourSteps } from '../../src/state/tour/tour-text'
import { revealed } from '../fake-lab'
import { fakeStudyOutside } from '../fake-study'
import { plantedLab } from '../planted-lab'

const organisms = ['qwen2', 'gemma2'] as const
const names = ['insecure-0', 'secure-0'] as const

/** What a reader may do. */
const acts = {
  open: (lab: Lab, n: number) => lab.opening.choose({ kind: 'bundled', name: organisms[n % 2] ?? 'qwen2' }),
  choose: (lab: Lab, n: number) => {
    const model = lab.models.list[n % Math.max(1, lab.models.list.length)]
    if (model) lab.models.choose(model)
  },
  attach: (lab: Lab, n: number) =>
    lab.models.adapters?.load({
      kind: 'bundled',
      name: `models/${lab.models.active?.info.name}/adapters/${names[n % 2]}`
    }),
  use: (lab: Lab, n: number) => lab.models.adapters?.use(lab.models.adapters.list[n % 3]?.info.sha256 ?? null),
  scale: (lab: Lab, n: number) => lab.models.adapters?.setScale((n % 5) / 4),
  remove: (lab: Lab, n: number) => lab.models.adapters?.remove(lab.models.adapters.list[n % 3]?.info.sha256 ?? ''),
  fit: (lab: Lab, n: number) => {
    lab.contrast.kind = n % 2 ? 'adapter' : 'lists'
    return lab.fits.status.kind === 'running' ? undefined : lab.inUse.run()
  },
  ask: (lab: Lab, n: number) => {
    lab.chat.question = `Question ${n % 2}?`
    return lab.first.ask()
  },
  alpha: (lab: Lab, n: number) => void (lab.controls.alpha = (n % 5) - 2),
  layer: (lab: Lab, n: number) => void (lab.fits.layer = n % 3),
  method: (lab: Lab, n: number) => void (lab.fits.method = n % 2 ? 'pca-pooled' : 'difference-in-means'),
  seed: (lab: Lab, n: number) => void (lab.controls.controlSeed = n % 3),
  stop: (lab: Lab) => lab.chat.stop(),
  lists: (lab: Lab, n: number) => void (lab.prompts.positiveText = `${lab.prompts.positiveText}\nA sunny day, ${n}!`),
  capture: (lab: Lab, n: number) => {
    const { active } = lab.models
    return active ? lab.captures.run(active, [lab.sets.positive], n % 2 ? 'last' : 'every') : undefined
  },
  tour: (lab: Lab, n: number) => {
    lab.tour.step = 2 + (n % (tourSteps.length - 1))
    return lab.tour.run()
  },
  transfer: async (lab: Lab) => {
    // Another act may close the way meanwhile: that is told, and is not what is tested here.
    for (const name of organisms) await lab.opening.beside({ kind: 'bundled', name }).catch(() => undefined)
    if (lab.transfer.lack === null) await lab.transfer.measure()
  }
} as const
type Act = keyof typeof acts | 'lose' | 'reload'

interface Planted {
  readonly lab: Lab
  readonly losers: Set<() => void>
  /** What outlives the page. */
  readonly kept: Pick<Outside, 'shelf' | 'tab' | 'study'>
}

/** A browser with one tab. */
function keeper(): Planted['kept'] {
  const values = new Map<string, string>()
  const tab = {
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value)
  }
  const locks: Locks = { exclusively: (_, work) => work(), held: async () => [] }
  return { shelf: memoryShelf(), tab, study: { ...fakeStudyOutside(), locks } }
}

async function plant(kept = keeper(), hash = ''): Promise<Planted> {
  const losers = new Set<() => void>()
  const lab = await plantedLab(organisms, { reveals: true, losers }, kept)
  lab.address.follow(hash)
  await lab.restore({ reloaded: hash !== '', hash })
  lab.transfer.questions = 5
  lab.chat.maxTokens = 5
  lab.chat.isColoured = false
  lab.chat.arms = ['bare', 'base', 'steered', 'random']
  return { lab, losers, kept }
}

/** The page is left and loaded again: what was on it is there, and no model is open. */
async function reload({ lab, kept }: Planted): Promise<Planted> {
  lab.session.note()
  await lab.flush()
  return plant(kept, lab.address.link)
}

/** Everything that could have been written into a model so far, by its key. */
type Known = Map<string, readonly Direction[]>

function learn(known: Known, lab: Lab): void {
  for (const set of lab.fits.list) {
    for (const directions of [set.directions, ...[0, 1, 2].map((seed) => randomBeside(set, seed))]) {
      known.set(directionsKey(directions), directions)
      for (const one of directions) known.set(directionsKey([one]), [one])
    }
  }
}

function expected({ model, steering }: Circumstances, known: Known): string {
  if (!steering) return revealed(model.adapter, null)
  const directions = known.get(steering.directions)
  if (!directions) throw new Error(`unknown directions ${steering.directions}`)
  return revealed(model.adapter, steeringBy(directions, steering))
}

/** Every token was made under what its answer says of it. */
function checkAnswer(answer: Answer, known: Known): void {
  const { made, tokens, title, arm } = answer
  for (const [i, { text }] of tokens.entries()) {
    const label = made.findLast(({ from }) => from <= i)
    if (!label) throw new Error('an answer without circumstances')
    expect(text.trim(), `${title}, token ${i}`).toBe(expected(label.circumstances, known))
  }
  const adapter = made[0]?.circumstances.model.adapter
  const name = adapter?.id.replace(/^.*\//, '')
  if (arm !== 'bare') expect(title.startsWith(name ?? organisms[0].slice(0, 0))).toBe(true)
}

/** What is not said to be outdated would be made the same now. */
function checkPresent(lab: Lab, answer: Answer): void {
  const last = answer.tokens.at(-1)
  if (!last || answer.finish === null || lab.asking.outdated(answer) !== null) return
  const { active, chosen } = lab.models
  expect(answer.made.at(-1)?.circumstances.model.sha256).toBe(active?.info.sha256)
  expect(lab.chat.shown?.question).toBe(lab.chat.question)
  const choice: AdapterChoice | null = answer.arm === 'bare' ? null : (chosen?.adapters.choice ?? null)
  const steering = lab.asking.arms.find(({ arm }) => arm === answer.arm)?.steering?.steering ?? null
  expect(last.text.trim(), answer.title).toBe(revealed(choice, steering))
}

/** A capture says what the engine said of it, and what is not said to be outdated would be read the same now. */
function checkCapture(lab: Lab, capture: Capture): void {
  const { made, states, texts } = capture
  expect([made?.model.sha256, made?.model.adapter]).toEqual([states.model.sha256, states.model.adapter])
  const { active, chosen } = lab.models
  if (!active || !chosen || outdatedCapture(capture, active.info, lab.sets.all) !== null) return
  const { adapter } = states.model
  expect(states.model.sha256).toBe(active.info.sha256)
  expect(adapter && { sha256: adapter.sha256, scale: adapter.scale }).toEqual(chosen.adapters.choice)
  expect(texts).toEqual(lab.sets.positive.prompts.map(shownText))
}

/** The same of what the figures of the other panels show. */
function checkFigures({ inUse, models, fits, prompts, transfer, tour }: Lab): void {
  const { fit } = inUse
  if (fit?.kind === 'fitted' && inUse.outdated === null) {
    expect([fit.model.sha256, fit.separation.method]).toEqual([models.active?.info.sha256, fits.method])
    if (fit.contrast === 'lists') expect(fit.positive).toEqual(prompts.positive)
  }
  for (const { made, shown } of transfer.results) expect(made.model.name).toBe(shown.receiver)
  const receiver = transfer.sides.model('receiver')
  if (transfer.chosen && receiver?.status.kind === 'open' && transfer.outdated === null) {
    const { model } = transfer.chosen.made
    expect([model.sha256, model.adapter?.scale]).toEqual([receiver.status.info.sha256, receiver.adapters.scale])
  }
  if (tour.result && tour.own?.status.kind === 'open' && tour.outdated === null) {
    const { model } = tour.result.made
    expect(model.sha256).toBe(tour.own.status.info.sha256)
    if (model.adapter) expect(model.adapter.scale).toBe(tour.own.adapters.scale)
  }
}

function check({ lab }: Planted, known: Known): void {
  learn(known, lab)
  for (const { answers } of lab.chat.history.list) for (const answer of answers) checkAnswer(answer, known)
  for (const answer of lab.chat.shown?.answers ?? []) checkPresent(lab, answer)
  for (const capture of lab.captures.list) checkCapture(lab, capture)
  checkFigures(lab)
  for (const fit of lab.fits.list) {
    if (fit.kind !== 'fitted') continue
    const made = madeOfFit(fit)
    expect(fit.directions[0]?.model.adapter).toEqual(made.model.adapter)
    if (fit.contrast === 'adapter') expect(made.model.adapter?.scale).toBe(1)
    expect(made.contrast?.name).toBe(`${fit.positiveName} against ${fit.negativeName}`)
  }
  // The card shows the reader's choice, whatever runs.
  for (const { status, adapters } of lab.models.list) {
    if (status.kind !== 'open') continue
    const { adapter } = status.info
    expect(adapter && { sha256: adapter.sha256, scale: adapter.scale }).toEqual(adapters.choice)
    expect(status.live.choice).toEqual(adapters.choice)
  }
}

const act: fc.Arbitrary<Act> = fc.constantFrom(
  ...(['ask', 'ask', 'ask', 'alpha', 'scale', 'fit', 'use', 'attach'] as const),
  ...(['choose', 'remove', 'layer', 'method', 'seed', 'stop', 'tour', 'transfer', 'open', 'lose'] as const),
  ...(['capture', 'capture', 'lists', 'reload'] as const)
)
const steps = fc.array(fc.tuple(act, fc.nat(30), fc.nat(3)), { minLength: 4, maxLength: 14 })

/** What once went wrong, and what each run is to reach. */
const examples: [[Act, number, number][]][] = [
  [
    [
      ['transfer', 26, 2],
      ['ask', 0, 1],
      ['tour', 4, 3],
      ['attach', 2, 2],
      ['remove', 30, 0],
      ['ask', 0, 1]
    ]
  ],
  [
    [
      ['scale', 8, 3],
      ['ask', 14, 0],
      ['use', 21, 1]
    ]
  ],
  [
    [
      ['fit', 1, 1],
      ['ask', 0, 1],
      ['scale', 1, 1],
      ['use', 3, 1]
    ]
  ],
  [
    [
      ['tour', 1, 1],
      ['ask', 0, 1],
      ['alpha', 1, 1]
    ]
  ],
  [
    [
      ['capture', 1, 3],
      ['scale', 2, 1],
      ['reload', 0, 3],
      ['lists', 1, 0],
      ['capture', 2, 1]
    ]
  ]
]

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

it('says of every result on the page under what it was made', { timeout: 240_000 }, async () => {
  const counts = { answers: 0, fits: 0, captures: 0, tours: 0, transfers: 0 }
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      let planted = await plant()
      const known: Known = new Map()
      const running: Promise<unknown>[] = []
      await planted.lab.first.begin()
      for (const [name, n, ticks] of [['ask', 0, 0] as const, ...all]) {
        const { lab, losers } = planted
        if (name === 'lose') for (const lose of [...losers].slice(n % 2, 1 + (n % 2))) lose()
        else if (name === 'reload') {
          planted = await reload(planted)
          // What needs no model is there at once, with what it was made under.
          check(planted, known)
          const { first, session } = planted.lab
          await (n % 2 ? session.waiting.resume() : first.begin())
        } else running.push(Promise.resolve(acts[name](lab, n)))
        for (let i = 0; i < ticks; i++) await tick()
        void planted.lab.chat.follow(planted.lab.asking.arms)
        check(planted, known)
      }
      await Promise.all(running)
      check(planted, known)
      counts.answers += planted.lab.chat.history.list.length
      counts.fits += planted.lab.fits.list.length
      counts.captures += planted.lab.captures.list.length
      counts.tours += planted.lab.tour.result ? 1 : 0
      counts.transfers += planted.lab.transfer.results.length
    }),
    { numRuns: 12 + examples.length, examples, endOnFailure: true }
  )
  // The actions reached what they are about.
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
})
