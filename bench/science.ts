/** The science figures: a ridge map, a separation sweep and the bootstrap, against numpy on the same cores. */
import { loadavg } from 'node:os'
import { lists } from '../src/direction/contrast'
import type { HiddenStates } from '../src/direction/hidden-states'
import { separation } from '../src/direction/separation'
import { bootstrap, estimate, sampleMeans } from '../src/math/bootstrap'
import { gaussian, seeded } from '../src/math/random'
import { carry, fitRidge } from '../src/math/ridge'
import type { Rows } from '../src/math/rows'
import { costRow } from './compare'
import { atMost, type Context, type Figure, type Row, type Target } from './figure'
import { NotMeasured, numbers, Python, text } from './tools/python'
import { interleave, stats } from './tools/stats'

const ridgeSize = { rows: 512, source: 3072, target: 2304 } as const
const sweepSize = { layers: 32, prompts: 250, width: 2048, swaps: 1000 } as const
const bootstrapSize = { prompts: 54, samples: 4, arms: 30, draws: 10_000 } as const

export const science: Figure = {
  name: 'science',
  what: 'ours (one thread) / numpy (all cores): "usual" as one would write it there, "same" with our algorithm; lower is better',
  unit: 'ms',
  needsModel: false,
  run
}

/** One thing to measure: our work, what numpy is asked for, and what is enough. */
interface Measure {
  readonly name: string
  readonly work: () => void
  /** Of `science_numpy.py`, each with the most that ours may cost in its time. */
  readonly theirs: readonly (readonly [figure: string, Target | null])[]
  readonly limit: Target | null
}

/** Milliseconds on the clock, and of processor time over all threads: on a busy machine the second is the one to read. */
interface Times {
  readonly wall: number
  readonly processor: number
}

async function* run({ n }: Context): AsyncIterable<Row> {
  let python: Python
  let version: string
  try {
    const started = await Python.start('science_numpy.py', [])
    python = started.python
    version = text(started.ready, 'version')
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    yield { kind: 'not measured', name: 'numpy', reason: error.message }
    return
  }
  try {
    for (const measure of measures()) yield* compare(measure, python, version, n)
  } finally {
    await python.close()
  }
}

async function* compare(
  { name, work, theirs, limit }: Measure,
  python: Python,
  version: string,
  n: number
): AsyncIterable<Row> {
  const ask = (figure: string) => async (): Promise<Times> => {
    const answer = await python.ask({ figure })
    return { wall: numbers(answer, 'ms')[0] ?? NaN, processor: numbers(answer, 'cpu')[0] ?? NaN }
  }
  const others = Object.fromEntries(theirs.map(([figure]) => [figure, ask(figure)]))
  const before = loadavg()[0] ?? NaN
  const times = await interleave<string, Times>(n, { ours: async () => timed(work), ...others })
  const mine = times.get('ours') ?? []
  for (const [figure, target] of theirs) {
    const other = times.get(figure) ?? []
    const row = (kind: keyof Times, enough: Target | null): Row =>
      costRow(
        `${figure}, ${kind} (${version})`,
        mine.map((time) => time[kind]),
        other.map((time) => time[kind]),
        enough
      )
    yield row('wall', target)
    yield row('processor', null)
  }
  const load = [before, loadavg()[0] ?? NaN].map((value) => value.toFixed(1)).join(' to ')
  yield {
    kind: 'value',
    name: `${name}, time (load ${load})`,
    ours: stats(mine.map(({ wall }) => wall)),
    target: limit
  }
}

function timed(work: () => void): Times {
  const [began, used] = [performance.now(), process.cpuUsage()]
  work()
  const { user, system } = process.cpuUsage(used)
  return { wall: performance.now() - began, processor: (user + system) / 1000 }
}

function measures(): readonly Measure[] {
  const [x, y] = [noise(ridgeSize.rows, ridgeSize.source, 1), noise(ridgeSize.rows, ridgeSize.target, 2)]
  const u = noise(1, ridgeSize.source, 3).data
  const contrast = lists(states(4), states(5))
  const { prompts, samples, arms, draws } = bootstrapSize
  const values = noise(prompts * samples, arms, 6).data
  return [
    {
      name: 'bootstrap',
      work() {
        const drawn = bootstrap(sampleMeans(values, prompts, samples, arms), { draws, seed: 0 })
        for (let arm = 1; arm < arms; arm++) estimate(drawn, (means) => (means[0] ?? NaN) - (means[arm] ?? NaN))
      },
      theirs: [['bootstrap', null]],
      limit: atMost(1000)
    },
    {
      name: 'ridge',
      work: () => carry(fitRidge(x, y, { seed: 0 }), u),
      theirs: [
        ['ridge usual', atMost(3)],
        ['ridge same', null]
      ],
      limit: atMost(5000)
    },
    {
      name: 'sweep',
      work: () => separation(contrast, { swaps: sweepSize.swaps }),
      theirs: [
        ['sweep usual', atMost(2)],
        ['sweep same', null]
      ],
      limit: null
    }
  ]
}

function noise(rows: number, width: number, seed: number): Rows & { readonly data: Float32Array } {
  return { data: Float32Array.from({ length: rows * width }, gaussian(seeded(seed))), rows, width }
}

function states(seed: number): HiddenStates {
  const { layers, prompts, width } = sweepSize
  const rows = prompts / 2
  const { data } = noise(layers * rows, width, seed)
  const model = { id: 'noise', sha256: '', dtype: 'fp32', adapter: null }
  return { model, position: 'last', layers, rows, width, data, prompt: Array.from({ length: rows }, (_, i) => i) }
}
