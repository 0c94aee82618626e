import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import type { ModelHandle } from '../../../src/lab/connect/connect'
import { madeOn } from '../../../src/lab/live/circumstances'
import { LiveModel } from '../../../src/lab/live/live-model'
import type { Asked, AskedArm, NamedSteering } from '../../../src/state/steer/asked'
import { Chat } from '../../../src/state/steer/chat.svelte'
import { textOf, type Arm } from '../../../src/state/steer/comparison'
import type { DirectionSet } from '../../../src/state/directions/fits.svelte'
import { fakeInfo, fakeModel } from '../../fake-lab'

const directions: DirectionSet = {
  kind: 'imported',
  source: 'file',
  name: 'planted',
  model: fakeInfo(),
  positiveName: 'warm',
  negativeName: 'cold',
  directions: [],
  separation: null,
  notes: []
}

/** The fake's planted direction is its first axis. */
function steeringOf(alpha: number): NamedSteering {
  const vector = Float32Array.of(1)
  const interventions = [{ mode: 'add' as const, layer: 12, vector, coefficient: alpha }]
  const made = {
    directions: 'planted',
    name: 'planted',
    layer: 12,
    randomSeed: null,
    mode: 'add',
    alpha,
    positions: 'all'
  } as const
  return { steering: { interventions }, made, label: `alpha ${alpha}`, where: 'layer 12' }
}

function armOf(arm: Arm, steering: NamedSteering | null = null, seed = 0): AskedArm {
  const sampling = { temperature: 0, topP: 1, seed, maxTokens: 120 }
  return { arm, title: arm, steering, made: { model: madeOn(fakeInfo()), steering: steering?.made ?? null, sampling } }
}

const armsAt = (alpha: number, seed = 0): AskedArm[] => [
  armOf('base', null, seed),
  armOf('steered', steeringOf(alpha), seed)
]

function asked(
  handle: ModelHandle,
  arms: readonly AskedArm[],
  question = 'The view?'
): Asked & { readonly live: LiveModel } {
  const sampling = { temperature: 0, topP: 1, seed: 0, controlSeed: 0, maxTokens: 120, form: 'chat' as const }
  const setting = { model: fakeInfo(), directions, layer: 12, ...sampling }
  return { live: new LiveModel(handle), adapter: null, question, arms, setting, link: '#/' }
}

const text = (chat: Chat, arm: Arm): string => textOf(chat.answer(arm) ?? { tokens: [] })
const count = (chat: Chat, arm: Arm): number => chat.answer(arm)?.tokens.length ?? 0

describe('Chat', () => {
  it('answers in every column, unsteered and steered', async () => {
    const chat = new Chat()
    await chat.ask(asked(fakeModel(), armsAt(8)))
    expect(chat.status.kind).toBe('done')
    expect(count(chat, 'base')).toBe(120)
    expect(chat.answer('steered')).toMatchObject({ finish: 'length', note: 'alpha 8, layer 12' })
    expect(text(chat, 'base')).not.toMatch(/happy|joy/)
    expect(text(chat, 'steered')).toMatch(/happy|joy/)
  })

  it('says where the model file cuts steered hidden states off, and of unsteered ones nothing', async () => {
    const chat = new Chat()
    chat.isColoured = true
    const { setting, ...rest } = asked(fakeModel(), armsAt(8))
    // The fake's numbers are all larger.
    await chat.ask({ ...rest, setting: { ...setting, model: { ...setting.model, limit: 1e-6 } } })
    expect(chat.answer('steered')?.cut).toMatchObject({ limit: 1e-6 })
    expect(chat.answer('base')?.cut).toBeNull()
    await chat.ask(asked(fakeModel(), armsAt(8)))
    expect(chat.answer('steered')?.cut).toBeNull()
  })

  it('gives the same text for the same seed', async () => {
    const [one, two] = [new Chat(), new Chat()]
    await Promise.all([one, two].map((chat) => chat.ask(asked(fakeModel(), armsAt(0)))))
    expect(two.answer('base')).toEqual(one.answer('base'))
    await two.ask(asked(fakeModel(), armsAt(0, 1)))
    expect(text(two, 'base')).not.toBe(text(one, 'base'))
  })

  it('names for each token what else was likely', async () => {
    const chat = new Chat()
    await chat.ask(asked(fakeModel(), armsAt(0)))
    const [token] = chat.answer('base')?.tokens ?? []
    expect(token?.alternatives).toHaveLength(5)
    expect(token?.alternatives.map(({ id }) => id)).toContain(token?.id)
  })

  it('follows the controls from the next token on, and marks that token', async () => {
    const chat = new Chat()
    let following: Promise<void> | undefined
    const model = fakeModel()
    // Turned from inside the answer, at its sixth token: whoever waits for it from outside may come after its end.
    const turning: ModelHandle = {
      ...model,
      generate: (rows, options, onToken) =>
        model.generate(rows, options, (events) => {
          onToken?.(events)
          if (count(chat, 'steered') === 6) following = chat.follow(armsAt(8))
        })
    }
    await chat.ask(asked(turning, armsAt(0)))
    await following
    const [plain, steered] = [chat.answer('base')?.tokens ?? [], chat.answer('steered')?.tokens ?? []]
    const at = steered.findIndex(({ mark }) => mark !== undefined)
    expect(steered[at]?.mark).toBe('alpha +8.00')
    expect(textOf({ tokens: steered.slice(0, at) })).toBe(textOf({ tokens: plain.slice(0, at) }))
    expect(textOf({ tokens: steered.slice(at) })).not.toBe(textOf({ tokens: plain.slice(at) }))
    expect(plain.some(({ mark }) => mark !== undefined)).toBe(false)
  })

  it('steers two columns at once, and sends the newest steering only while a call is under way', async () => {
    const sent: (readonly [number, number])[] = []
    let [arrive, end] = [(): void => undefined, (): void => undefined]
    const arrived = new Promise<void>((resolve) => (arrive = resolve))
    const ended = new Promise<void>((resolve) => (end = resolve))
    const model = fakeModel()
    // Says three tokens and waits to be stopped; a change of steering is under way until it arrives.
    const slow: ModelHandle = {
      ...model,
      async generate(rows, options, onToken) {
        const result = await model.generate(rows, { ...options, maxTokens: 3 }, onToken)
        await ended
        return result
      },
      stop: async () => end(),
      steer: async (row, steering) => {
        const [one] = steering?.interventions ?? []
        if (one?.mode === 'add') sent.push([row, one.coefficient])
        await arrived
      }
    }
    const three = (coefficient: number): AskedArm[] => [
      ...armsAt(coefficient),
      armOf('random', steeringOf(-coefficient))
    ]
    const chat = new Chat()
    const asking = chat.ask(asked(slow, three(0)))
    await expect.poll(() => count(chat, 'steered')).toBe(3)
    const following = [1, 2, 3, 4].map((alpha) => chat.follow(three(alpha)))
    await expect.poll(() => sent.length).toBe(1)
    arrive()
    await Promise.all(following)
    await chat.stop()
    await asking
    expect(sent).toEqual([
      [1, 1],
      [1, 4],
      [2, -4]
    ])
  })

  it('asks without the adapter in a row of its own, as one piece of work', async () => {
    const calls: string[] = []
    const handle = fakeModel({ onCall: (name) => calls.push(name) })
    const chat = new Chat()
    chat.isColoured = false
    const { sha256 } = await handle.loadAdapter({ kind: 'bundled', name: 'one' })
    calls.length = 0
    const adapter = { sha256, scale: 1 }
    const one = { ...asked(handle, [armOf('bare'), ...armsAt(1)]), adapter }
    await Promise.all([chat.ask(one), one.live.use(adapter)])
    expect(calls).toEqual(['useAdapter', 'generate', 'useAdapter', 'generate', 'useAdapter'])
    expect(text(chat, 'bare')).not.toBe(text(chat, 'base'))
    await chat.ask({ ...one, adapter: null })
    expect(text(chat, 'bare')).toBe(text(chat, 'base'))
  })

  it('waits for the work under way, and is taken back while it waits', async () => {
    const chat = new Chat()
    const one = asked(fakeModel(), armsAt(1))
    let open: () => void = () => undefined
    const held = one.live.under(null, () => new Promise<void>((resolve) => (open = resolve)), { what: 'fit' })
    const asking = chat.ask(one)
    expect([chat.running, one.live.queue]).toEqual([true, { running: 'fit', waiting: ['answer'] }])
    await chat.stop()
    await asking
    expect([chat.status.kind, chat.shown]).toEqual(['idle', null])
    open()
    await held
  })

  it('reads each answer once it is there, steered as it was, for the projections of its tokens', async () => {
    const vector = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))
    const direction = { layer: 2, vector } as unknown as DirectionSet['directions'][number]
    const one = asked(fakeModel({ layers: 4 }), armsAt(8))
    const set = { ...directions, directions: [direction] }
    const chat = new Chat()
    await chat.ask({ ...one, setting: { ...one.setting, directions: set } })
    const { projections, tokens = [] } = chat.answer('steered') ?? {}
    expect(projections?.layers).toEqual([2])
    expect(projections?.values[0]).toHaveLength(tokens.length)
    const of = (word: RegExp): number[] =>
      tokens.flatMap((token, i) => (word.test(token.text) ? [projections?.values[0]?.[i] ?? 0] : []))
    expect(Math.min(...of(/happy|joy|warm|sunny/))).toBeGreaterThan(Math.max(...of(/^ (the|a|sea|day)$/)))
  })

  it('reads every token under the steering that it was generated with, and gives all columns their colours at once', async () => {
    const vector = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 1 : 0))
    const direction = { layer: 2, vector } as unknown as DirectionSet['directions'][number]
    const read: (readonly [number, number])[] = []
    const model = fakeModel({ layers: 4, delay: 2 })
    const chat = new Chat()
    const handle: ModelHandle = {
      ...model,
      async capture(rows, position) {
        expect(chat.shown?.answers.every(({ projections }) => projections === null)).toBe(true)
        const [one] = rows[0]?.steering?.interventions ?? []
        const alpha = one?.mode === 'add' ? one.coefficient : 0
        read.push([alpha, rows[0]?.answer?.length ?? 0])
        const states = await model.capture(rows, position)
        // Of what was steered, every hidden state is its alpha: whose it was shows.
        return alpha === 0 ? states : { ...states, data: states.data.map(() => alpha) }
      }
    }
    const one = asked(handle, armsAt(1))
    const asking = chat.ask({
      ...one,
      setting: { ...one.setting, directions: { ...directions, directions: [direction] } }
    })
    await expect.poll(() => count(chat, 'steered')).toBeGreaterThan(5)
    await chat.follow(armsAt(8))
    await asking
    const { projections, tokens = [] } = chat.answer('steered') ?? {}
    const at = tokens.findIndex(({ mark }) => mark !== undefined)
    expect(read).toEqual([
      [0, 120],
      [1, at],
      [8, 120]
    ])
    expect([...(projections?.values[0] ?? [])]).toEqual(tokens.map((_, i) => (i < at ? 1 : 8)))
    expect(chat.answer('base')?.projections).not.toBeNull()
  })

  it('leaves the answers without colours where the reading is stopped', async () => {
    const chat = new Chat()
    const seen: unknown[] = []
    const handle = fakeModel({
      onCall: (name) => {
        if (name !== 'capture') return
        seen.push(chat.reading)
        chat.stopReading()
      }
    })
    await chat.ask(asked(handle, armsAt(8)))
    expect(seen).toEqual([{ done: 0, total: 2 }])
    expect([chat.status.kind, chat.reading, chat.answer('base')?.projections]).toEqual(['done', null, null])
  })

  it('takes the last tokens where they come after the result', async () => {
    const model = fakeModel()
    const late: (() => void)[] = []
    const handle: ModelHandle = {
      ...model,
      generate: (rows, options, onToken) =>
        model.generate(rows, options, (events) => void late.push(() => onToken?.(events)))
    }
    const chat = new Chat()
    await chat.ask(asked(handle, armsAt(8)))
    expect([count(chat, 'steered'), chat.answer('steered')?.finish]).toEqual([0, 'length'])
    for (const send of late) send()
    expect(count(chat, 'steered')).toBe(120)
    expect(text(chat, 'steered')).toMatch(/happy|joy/)
  })

  it('stops between tokens', async () => {
    const chat = new Chat()
    const asking = chat.ask(asked(fakeModel({ delay: 2 }), armsAt(0)))
    await expect.poll(() => count(chat, 'base')).toBeGreaterThan(2)
    await chat.stop()
    await asking
    expect(chat.answer('base')?.finish).toBe('cancelled')
  })

  it('shows why it failed, and can ask again', async () => {
    const chat = new Chat()
    let fails = true
    const model = fakeModel({
      onCall: (name) => {
        if (name === 'generate' && fails) throw new LabError('device', 'the device was lost; open the model again')
      }
    })
    await chat.ask(asked(model, armsAt(1)))
    expect(chat.status).toMatchObject({ kind: 'failed', error: { code: 'device' } })
    fails = false
    await chat.ask(asked(model, armsAt(1)))
    expect(chat.status.kind).toBe('done')
  })

  it('keeps one column', () => {
    const chat = new Chat()
    chat.toggle('random')
    expect(chat.arms).toEqual(['base', 'steered', 'random'])
    for (const arm of ['base', 'steered', 'random'] as const) chat.toggle(arm)
    expect(chat.arms).toEqual(['random'])
  })
})

describe('the comparisons', () => {
  it('are kept, newest first; what is cleared comes back', async () => {
    const chat = new Chat()
    for (const question of ['One?', 'Two?']) {
      await chat.ask(asked(fakeModel(), armsAt(1), question))
    }
    expect(chat.history.list.map(({ question }) => question)).toEqual(['Two?', 'One?'])
    chat.history.clear()
    expect([chat.shown, chat.history.isCleared]).toEqual([null, true])
    chat.history.undo()
    expect(chat.shown?.question).toBe('Two?')
    const [, first] = chat.history.list
    if (first) chat.history.show(first)
    expect(text(chat, 'base')).toBe(textOf(first?.answers[0] ?? { tokens: [] }))
  })

  it('go on being written while another one is in sight', async () => {
    const chat = new Chat()
    await chat.ask(asked(fakeModel(), armsAt(1)))
    const first = chat.shown
    const asking = chat.ask(asked(fakeModel({ delay: 1 }), armsAt(1)))
    await expect.poll(() => chat.shown).not.toBe(first)
    if (first) chat.history.show(first)
    await asking
    expect(chat.shown).toBe(first)
    expect(chat.history.list[0]?.answers[0]?.finish).toBe('length')
  })
})
