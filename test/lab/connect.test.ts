import { expose } from 'comlink'
import { afterEach, describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import type { AdapterSource, ModelApi } from '../../src/lab/api'
import { answerArms } from '../../src/lab/arms'
import { connectModel, type Spawn } from '../../src/lab/connect/connect'
import { captureAll } from '../../src/lab/loops'
import { fakeModel, type FakeOptions } from '../fake-lab'

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

interface FakeWorkers {
  readonly spawn: Spawn
  /** How many were started, and how many of them ended. */
  readonly counts: { started: number; ended: number }
  /** Makes the newest worker die. */
  crash(reason: string): void
}

function fakeWorkers(options: FakeOptions = {}, overrides: Partial<ModelApi> = {}): FakeWorkers {
  const counts = { started: 0, ended: 0 }
  let die: (reason: string) => void = () => {}
  return {
    counts,
    crash: (reason) => die(reason),
    spawn() {
      counts.started += 1
      const { port1, port2 } = new MessageChannel()
      ports.push(port1, port2)
      expose({ ...fakeModel(options), ...overrides }, port2)
      port1.start()
      return {
        endpoint: port1,
        onLost: (listener) => (die = listener),
        terminate: () => void (counts.ended += 1)
      }
    }
  }
}

const never = (): Promise<never> => new Promise(() => {})
const row = { prompt: { text: 'a sunny day' } }
const source = { kind: 'hub', repo: 'owner/name' } as const

describe('connectModel', () => {
  it('carries calls, results and progress', async () => {
    const model = connectModel(fakeWorkers().spawn)
    const done: number[] = []
    const info = await model.open(source, { dtype: 'q4' }, (progress) => done.push(progress.done))
    expect(info.id).toBe('hub:owner/name@main')
    expect(done).toHaveLength(11)
    const states = await model.capture([row], 'every')
    expect([states.rows, states.data.length]).toEqual([3, 3 * 30 * 32])
    expect((await model.lens(states.data.slice(0, 64), { k: 3 })).map(({ nearest }) => nearest.length)).toEqual([3, 3])
    const texts: string[] = []
    const options = { maxTokens: 4, sampling: { temperature: 0 } }
    const { completions } = await model.generate([row], options, (events) =>
      texts.push(...events.map(({ text }) => text))
    )
    // Callbacks have a port of their own: the last may come after the result.
    await expect.poll(() => texts.join('')).toBe(completions[0]?.text)
  })

  it('keeps the class, code and cause of an error', async () => {
    const fail = (): never => {
      throw new LabError('memory', 'needs 5 GB; try q4', { cause: new RangeError('too long') })
    }
    const error = await connectModel(fakeWorkers({ onCall: fail }).spawn)
      .open(source, {})
      .catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(LabError)
    expect(error).toMatchObject({ code: 'memory', message: 'needs 5 GB; try q4', cause: { name: 'RangeError' } })
  })

  it('rejects what waits for a worker that dies, and opens the model again for the next call', async () => {
    const workers = fakeWorkers({}, { logits: never })
    const model = connectModel(workers.spawn)
    const lost: string[] = []
    model.onLost((error) => lost.push(error.code))
    await model.open(source, {})
    const pending = model.logits([row])
    workers.crash('out of memory')
    await expect(pending).rejects.toThrow("the model's worker stopped: out of memory; open the model again")
    expect(lost).toEqual(['worker-lost'])
    expect((await model.capture([row], 'last')).rows).toBe(1)
    expect(workers.counts).toEqual({ started: 2, ended: 1 })
  })

  it('gives a new worker the adapters of the last one, and the same one in use', async () => {
    const calls: string[] = []
    const workers = fakeWorkers({ onCall: (name) => calls.push(name) })
    const model = connectModel(workers.spawn)
    await model.open(source, {})
    const zip = (name: string): AdapterSource => ({ kind: 'zip', name, blob: new Blob() })
    const [one, two, gone] = [
      await model.loadAdapter(zip('one')),
      await model.loadAdapter(zip('two')),
      await model.loadAdapter(zip('gone'))
    ]
    await model.useAdapter({ sha256: two.sha256, scale: 0.5 })
    await model.dropAdapter(gone.sha256)
    calls.splice(0)
    workers.crash('out of memory')
    expect((await model.capture([row], 'last')).model.adapter).toEqual({ id: two.id, sha256: two.sha256, scale: 0.5 })
    expect(calls).toEqual(['open', 'loadAdapter', 'loadAdapter', 'useAdapter', 'capture'])
    await model.dropAdapter(two.sha256)
    workers.crash('out of memory')
    expect((await model.capture([row], 'last')).model.adapter).toBeNull()
    expect((await model.proveAdapter(one.sha256)).change).toBeGreaterThan(0)
    await model.open(source, {})
    workers.crash('out of memory')
    expect((await model.reopen()).adapt).toBe(false)
  })

  it('opens once for many calls after a loss', async () => {
    const workers = fakeWorkers()
    const model = connectModel(workers.spawn)
    await model.open(source, {})
    workers.crash('gone')
    await Promise.all([model.capture([row], 'last'), model.capture([row], 'last'), model.tokenize(row.prompt)])
    expect(workers.counts.started).toBe(2)
  })

  it('rejects pending and later calls after terminate', async () => {
    const workers = fakeWorkers({}, { logits: never })
    const model = connectModel(workers.spawn)
    await model.open(source, {})
    const pending = model.logits([row])
    model.terminate()
    await expect(pending).rejects.toMatchObject({ code: 'worker-lost' })
    await expect(model.capture([row], 'last')).rejects.toMatchObject({ code: 'worker-lost' })
    expect(workers.counts).toEqual({ started: 1, ended: 1 })
  })

  it('ends the worker on close', async () => {
    const workers = fakeWorkers()
    const model = connectModel(workers.spawn)
    await model.open(source, {})
    await model.close()
    expect(workers.counts).toEqual({ started: 1, ended: 1 })
  })
})

describe('a worker that is stuck', () => {
  const stuck = { logits: never, stop: never, cancelAdapter: never }

  it.each(['stop', 'cancelAdapter'] as const)('is ended when it does not hear %s, and opened again', async (verb) => {
    const workers = fakeWorkers({}, stuck)
    const model = connectModel(workers.spawn, 20)
    const lost: string[] = []
    model.onLost((error) => lost.push(`${error.code}: ${error.message}`))
    await model.open(source, {})
    const pending = model.logits([row])
    await model[verb]()
    await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
    const text = "the model's worker did not stop within 0.02 s and was ended; open the model again"
    expect(lost).toEqual([`worker-lost: ${text}`])
    expect((await model.capture([row], 'last')).rows).toBe(1)
    expect(workers.counts).toEqual({ started: 2, ended: 1 })
  })

  it('is ended for a signal, whatever it is doing', async () => {
    const workers = fakeWorkers({}, { ...stuck, capture: never, generate: never })
    const model = connectModel(workers.spawn, 20)
    await model.open(source, {})
    const works = [
      (signal: AbortSignal) => captureAll(model, [row], 'last', { signal }),
      (signal: AbortSignal) => answerArms(model, [row.prompt], [null], { maxTokens: 1, signal })
    ]
    for (const work of works) {
      const controller = new AbortController()
      const pending = work(controller.signal)
      controller.abort()
      await expect(pending).rejects.toMatchObject({ name: 'AbortError' })
    }
    expect(workers.counts).toEqual({ started: 2, ended: 2 })
  })

  it('is not one that hears it late, but in time', async () => {
    let stop = (): void => undefined
    const stopped = new Promise<void>((resolve) => (stop = resolve))
    const workers = fakeWorkers({}, { stop: () => stopped })
    const model = connectModel(workers.spawn, 60_000)
    await model.open(source, {})
    const stopping = model.stop()
    stop()
    await stopping
    expect(workers.counts).toEqual({ started: 1, ended: 0 })
  })

  it('is not started for a cancel alone', async () => {
    const workers = fakeWorkers()
    const model = connectModel(workers.spawn)
    await model.stop()
    await model.open(source, {})
    workers.crash('gone')
    await model.cancelAdapter()
    expect(workers.counts).toEqual({ started: 1, ended: 1 })
  })
})
