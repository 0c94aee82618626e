import { expose } from 'comlink'
import { afterEach, describe, expect, it } from 'vitest'
import { lists } from '../../src/direction/contrast'
import { extract } from '../../src/direction/extract'
import { separation } from '../../src/direction/separation'
import { connectMath } from '../../src/lab/connect/connect-math'
import { localMath, MathEngine } from '../../src/lab/math'
import { bootstrap } from '../../src/math/bootstrap'
import { gaussian, seeded } from '../../src/math/random'
import { fitRidge } from '../../src/math/ridge'
import type { Rows } from '../../src/math/rows'
import { planted } from '../direction/planted'

const ports: MessagePort[] = []
afterEach(() => {
  for (const port of ports.splice(0)) port.close()
})

/** The engine across a message channel, as in a worker, on this thread. */
function acrossChannel(): {
  math: ReturnType<typeof connectMath>
  crash: (reason: string) => void
  started: () => number
} {
  let die: (reason: string) => void = () => {}
  let count = 0
  const math = connectMath(() => {
    const { port1, port2 } = new MessageChannel()
    ports.push(port1, port2)
    expose(new MathEngine(), port2)
    port1.start()
    count += 1
    return { endpoint: port1, onLost: (listener) => (die = listener), terminate: () => undefined }
  })
  return { math, crash: (reason) => die(reason), started: () => count }
}

const contrast = (layers = 3): ReturnType<typeof lists> =>
  lists(planted(9, 1, 1, { layers }), planted(8, 0, 2, { layers }))
const noise = (width: number, seed: number): Rows => {
  return { data: Float32Array.from({ length: 30 * width }, gaussian(seeded(seed))), rows: 30, width }
}

describe.each([
  ['on this thread', localMath],
  ['across a channel', (): ReturnType<typeof localMath> => acrossChannel().math]
])('the math API %s', (_, connect) => {
  it('gives what the functions give', async () => {
    const math = connect()
    const fit = await math.fit(contrast(), { swaps: 20 })
    expect(fit.directions).toEqual(await extract(contrast()))
    expect(fit.separation).toEqual(separation(contrast(), { swaps: 20 }))
    expect(await math.ridge(noise(4, 1), noise(5, 2), { seed: 1 })).toEqual(
      fitRidge(noise(4, 1), noise(5, 2), { seed: 1 })
    )
    expect(await math.bootstrap(noise(3, 1), { draws: 9, seed: 1 })).toEqual(
      bootstrap(noise(3, 1), { draws: 9, seed: 1 })
    )
  })

  it('extracts by the method that it is asked for', async () => {
    const { directions, separation } = await connect().fit(contrast(), { method: 'linear-discriminant', swaps: 2 })
    expect(directions[0]?.method).toBe('linear-discriminant')
    expect(separation.method).toBe('linear-discriminant')
  })

  it('reports, and stops when asked', async () => {
    const math = connect()
    const controller = new AbortController()
    const shares: number[] = []
    // Thousands of short steps: none is so long, and all are so many, that the cancel cannot come in between on any machine.
    const long = math.fit(
      contrast(4000),
      { swaps: 50 },
      {
        signal: controller.signal,
        onShare(share) {
          shares.push(share)
          if (share > 0.5) controller.abort()
        }
      }
    )
    await expect(long).rejects.toMatchObject({ name: 'AbortError' })
    expect(shares.length).toBeGreaterThan(0)
    expect(shares.toSorted((a, b) => a - b)).toEqual(shares)
    expect((await math.fit(contrast(1), { swaps: 1 })).directions).toHaveLength(1)
    await expect(math.fit(contrast(), {}, { signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError'
    })
  })
})

describe('the math worker', () => {
  it('takes the buffers along', async () => {
    const given = contrast()
    await acrossChannel().math.fit(given, { swaps: 1 })
    expect(given.positive.data.length).toBe(0)
  })

  it('keeps the code of an error', async () => {
    const few = lists(planted(1, 1, 1), planted(1, 0, 2))
    await expect(acrossChannel().math.fit(few)).rejects.toMatchObject({ name: 'LabError', code: 'shape' })
  })

  it('that was lost rejects what waits, and is started again by the next call', async () => {
    const { math, crash, started } = acrossChannel()
    const pending = math.fit(contrast(), { swaps: 1 })
    crash('out of memory')
    await expect(pending).rejects.toThrow('the math worker stopped: out of memory; try again')
    expect((await math.fit(contrast(), { swaps: 1 })).directions).toHaveLength(3)
    expect(started()).toBe(2)
    math.terminate()
    await expect(math.bootstrap(noise(3, 1), { seed: 1 })).rejects.toMatchObject({ code: 'worker-lost' })
  })
})
