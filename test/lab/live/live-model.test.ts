import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import type { AdapterChoice } from '../../../src/lab/api'
import type { ModelHandle } from '../../../src/lab/connect/connect'
import { LiveModel, type WorkQueue } from '../../../src/lab/live/live-model'
import { fakeModel } from '../../fake-lab'

interface Gate {
  readonly opened: Promise<void>
  readonly open: () => void
}

function gate(): Gate {
  let open: () => void = () => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}

const one: AdapterChoice = { sha256: 'one', scale: 1 }
const two: AdapterChoice = { sha256: 'two', scale: 1 }

/** A model that keeps an account of its calls, each with the adapter that was attached. */
function watched(): {
  readonly live: LiveModel
  readonly calls: string[]
  readonly attached: () => AdapterChoice | null
  readonly lose: (error: LabError) => void
} {
  const calls: string[] = []
  const lost: ((error: LabError) => void)[] = []
  let attached: AdapterChoice | null = null
  const now = (): string => (attached ? `${attached.sha256}@${attached.scale}` : 'base')
  const model = fakeModel({ layers: 2 })
  const handle: ModelHandle = {
    ...model,
    async useAdapter(choice) {
      await Promise.resolve()
      if (choice?.sha256 === 'gone') throw new LabError('adapter', 'gone is not loaded; attach it again')
      attached = choice
      calls.push(`use ${now()}`)
      return { ...(await model.useAdapter(null)), adapter: choice && { id: choice.sha256, ...choice } }
    },
    async capture(rows, position) {
      calls.push(`capture ${now()}`)
      return model.capture(rows, position)
    },
    async dropAdapter(sha256) {
      if (attached?.sha256 === sha256) attached = null
      calls.push(`drop ${sha256}`)
      return model.dropAdapter(sha256)
    },
    async cancelAdapter() {
      calls.push('cancel')
    },
    async stop() {
      calls.push(`stop ${now()}`)
    },
    onLost: (listener) => void lost.push(listener)
  }
  return {
    live: new LiveModel(handle),
    calls,
    attached: () => attached,
    lose: (error) => lost.forEach((tell) => tell(error))
  }
}

const rows = [{ prompt: { text: 'a' } }]
const fit = { what: 'fit' } as const
const answer = { what: 'answer' } as const

describe('work on an open model', () => {
  it('runs one after the other, each under its own adapter, and the reader’s choice comes back', async () => {
    const { live, calls } = watched()
    await live.use(two)
    calls.length = 0
    const held = gate()
    const first = live.under(
      one,
      async (model) => {
        await model.capture(rows, 'last')
        await held.opened
        await model.under(null, (base) => base.capture(rows, 'last'))
        await model.capture(rows, 'last')
      },
      fit
    )
    const second = live.under(two, (model) => model.capture(rows, 'last'), answer)
    await expect.poll(() => calls.length).toBe(2)
    expect(live.queue).toEqual({ running: 'fit', waiting: ['answer'] })
    held.open()
    await Promise.all([first, second])
    expect(calls).toEqual([
      'use one@1',
      'capture one@1',
      'use base',
      'capture base',
      'use one@1',
      'capture one@1',
      'use two@1',
      'capture two@1'
    ])
    expect(live.queue).toEqual({ running: null, waiting: [] })
  })

  it('leaves the adapter that the reader chose while it ran', async () => {
    const { live, attached } = watched()
    const held = gate()
    const work = live.under(one, () => held.opened, fit)
    const used = live.use(two)
    held.open()
    await Promise.all([work, used])
    expect(attached()).toEqual(two)
    expect((await used).adapter).toMatchObject(two)
  })

  it('takes the newest of several choices', async () => {
    const { live, calls } = watched()
    const held = gate()
    const work = live.under(null, () => held.opened, fit)
    const infos = Promise.all([0.2, 0.4, 0.6].map((scale) => live.use({ ...one, scale })))
    held.open()
    await work
    expect((await infos).map(({ adapter }) => adapter?.scale)).toEqual([0.6, 0.6, 0.6])
    expect(calls).toEqual(['use one@0.6'])
  })

  it('goes back to the choice before where the new one is not loaded', async () => {
    const { live, attached } = watched()
    await live.use(one)
    await expect(live.use({ sha256: 'gone', scale: 1 })).rejects.toMatchObject({ code: 'adapter' })
    await live.under(two, () => Promise.resolve(), fit)
    expect([live.choice, attached()]).toEqual([one, one])
  })

  it('passes the scale of its adapter on to work that follows it, and to no other', async () => {
    const { live, calls } = watched()
    await live.use(one)
    const [first, second] = [gate(), gate()]
    const scales: number[] = []
    const follows = live.under(one, () => first.opened, { ...answer, onScale: ({ scale }) => scales.push(scale) })
    await expect.poll(() => live.queue.running).toBe('answer')
    await new Promise((resolve) => setTimeout(resolve))
    await live.use({ ...one, scale: 0.5 })
    expect(scales).toEqual([0.5])
    first.open()
    await follows
    calls.length = 0
    const fitting = live.under(one, async (model) => (await second.opened, model.capture(rows, 'last')), fit)
    const used = live.use({ ...one, scale: 0.7 })
    second.open()
    await Promise.all([fitting, used])
    expect(calls).toEqual(['use one@1', 'capture one@1', 'use one@0.7'])
  })

  it('keeps the new scale in an answer after a part of it without the adapter', async () => {
    const { live, calls } = watched()
    await live.use(one)
    calls.length = 0
    const held = gate()
    const work = live.under(
      one,
      async (model) => {
        await held.opened
        await model.under(null, (base) => base.capture(rows, 'last'))
        await model.capture(rows, 'last')
      },
      { ...answer, onScale: () => undefined }
    )
    await new Promise((resolve) => setTimeout(resolve))
    await live.use({ ...one, scale: 0.5 })
    held.open()
    await work
    expect(calls).toEqual(['use one@0.5', 'use base', 'capture base', 'use one@0.5', 'capture one@0.5'])
  })

  it('gives up its place in the queue with its signal, and nothing else', async () => {
    const { live, calls } = watched()
    const held = gate()
    const first = live.under(one, () => held.opened, fit)
    const controller = new AbortController()
    const second = live.under(two, (model) => model.capture(rows, 'last'), { ...answer, signal: controller.signal })
    const third = live.under(null, (model) => model.capture(rows, 'last'), answer)
    controller.abort()
    await expect(second).rejects.toMatchObject({ name: 'AbortError' })
    expect(live.queue.waiting).toEqual(['answer'])
    held.open()
    await Promise.all([first, third])
    expect(calls).not.toContain('capture two@1')
    const late = live.under(two, () => Promise.resolve(), { ...answer, signal: controller.signal })
    await expect(late).rejects.toMatchObject({ name: 'AbortError' })
  })

  it('is rejected while it waits where the worker is lost; the next work attaches what it needs', async () => {
    const { live, calls, lose } = watched()
    await live.use(one)
    const held = gate()
    const error = new LabError('worker-lost', 'the worker stopped; open the model again')
    const first = live.under(one, () => held.opened.then(() => Promise.reject(error)), fit)
    const second = live.under(one, () => Promise.resolve(), answer)
    // It has begun: nothing more is attached for it.
    await new Promise((resolve) => setTimeout(resolve))
    lose(error)
    await expect(second).rejects.toBe(error)
    held.open()
    await expect(first).rejects.toBe(error)
    calls.length = 0
    await live.under(one, (model) => model.capture(rows, 'last'), fit)
    expect(calls).toEqual(['use one@1', 'capture one@1'])
  })

  it('opens again under the reader’s choice, whatever was attached', async () => {
    const { live, lose } = watched()
    await live.use(one)
    const failing = live.under(
      null,
      async () => {
        lose(new LabError('worker-lost', 'the worker stopped; open the model again'))
        throw new LabError('worker-lost', 'the worker stopped; open the model again')
      },
      fit
    )
    await expect(failing).rejects.toMatchObject({ code: 'worker-lost' })
    expect((await live.reopen()).adapter).toMatchObject(one)
  })

  it('that fails stops no other, and puts back what was in use', async () => {
    const { live, attached } = watched()
    await live.use(one)
    await expect(live.under(null, () => Promise.reject(new LabError('device', 'it broke')), fit)).rejects.toThrow()
    expect(attached()).toEqual(one)
    expect(await live.under(null, () => Promise.resolve(3), fit)).toBe(3)
  })

  it('has the model no longer once it has ended, nor while a part of it has it', async () => {
    const { live, calls } = watched()
    const kept = await live.under(one, (model) => Promise.resolve(model), fit)
    await expect(kept.capture(rows, 'last')).rejects.toMatchObject({ code: 'shape' })
    await kept.stop()
    expect(calls.some((call) => call.startsWith('stop'))).toBe(false)
    const inside = live.under(one, (model) => model.under(null, () => model.capture(rows, 'last')), fit)
    await expect(inside).rejects.toMatchObject({ code: 'shape' })
  })

  it('forgets an adapter after the work under way, and the choice with it', async () => {
    const { live, calls, attached } = watched()
    await live.use(one)
    const held = gate()
    const work = live.under(one, async (model) => (await held.opened, model.capture(rows, 'last')), fit)
    const gone = live.drop('one')
    held.open()
    await Promise.all([work, gone])
    expect(calls.slice(-3)).toEqual(['capture one@1', 'drop one', 'use base'])
    expect([live.choice, attached()]).toEqual([null, null])
  })

  it('stays attached for rows of work where nobody else chooses', async () => {
    const { live, calls } = watched()
    const study = { what: 'study', stays: true } as const
    for (const choice of [one, one, null]) await live.under(choice, (model) => model.capture(rows, 'last'), study)
    expect(calls).toEqual(['use one@1', 'capture one@1', 'capture one@1', 'use base', 'capture base'])
  })

  it('tells what waits as it changes', async () => {
    const { live } = watched()
    const seen: WorkQueue[] = []
    const forget = live.watch((queue) => seen.push(queue))
    await live.under(null, () => Promise.resolve(), fit)
    forget()
    await live.under(null, () => Promise.resolve(), answer)
    expect(seen.map(({ running }) => running)).toEqual(['fit', null])
  })

  it('never calls the model under another adapter than the work named, whatever comes in between', async () => {
    const choice = fc.constantFrom(null, one, two, { ...one, scale: 0.5 })
    const act = fc.oneof(
      fc.record({ kind: fc.constant('work' as const), choice, calls: fc.integer({ min: 1, max: 3 }), part: choice }),
      fc.record({ kind: fc.constant('use' as const), choice }),
      fc.record({ kind: fc.constant('drop' as const) }),
      fc.record({ kind: fc.constant('lose' as const) }),
      fc.record({ kind: fc.constant('wait' as const) })
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
        const { live, calls, attached, lose } = watched()
        const wrong: string[] = []
        const check = (wanted: AdapterChoice | null): void => {
          if (JSON.stringify(attached()) !== JSON.stringify(wanted))
            wrong.push(`${JSON.stringify(wanted)} ${calls.at(-1)}`)
        }
        const all: Promise<unknown>[] = []
        for (const one of acts) {
          if (one.kind === 'work')
            all.push(
              live.under(
                one.choice,
                async (model) => {
                  for (let i = 0; i < one.calls; i++) await model.capture(rows, 'last').then(() => check(one.choice))
                  await model.under(one.part, async (part) => (await part.capture(rows, 'last'), check(one.part)))
                  await model.capture(rows, 'last')
                  check(one.choice)
                },
                fit
              )
            )
          else if (one.kind === 'use') all.push(live.use(one.choice))
          else if (one.kind === 'drop') all.push(live.drop('two'))
          else if (one.kind === 'lose') lose(new LabError('worker-lost', 'lost'))
          else await Promise.resolve()
        }
        await Promise.allSettled(all)
        expect(wrong).toEqual([])
        expect(live.queue).toEqual({ running: null, waiting: [] })
        await live.under(null, () => Promise.resolve(), fit)
        expect(attached()).toEqual(live.choice)
      })
    )
  })
})
