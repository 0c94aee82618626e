/**
 * `npm run fuzz -- [READER] [--n N] [--seed S]`: damages files of each reader and counts how it goes: read all the same,
 * refused by a typed error, an untyped one, more than 2 s, more than 500 MB. What goes wrong is kept in a folder.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Worker } from 'node:worker_threads'
import { inputOf, noCounts, type Counts, type Trouble } from '../test/workers/fuzz/fuzz'
import { readers, type Reader } from '../test/workers/fuzz/readers'

/** How long one input may keep a thread from the next before the thread is ended, in milliseconds. */
const patience = 20_000
const kept = join(tmpdir(), 'azimuth-fuzz')

interface Job {
  readonly name: string
  readonly reader: Reader
  readonly n: number
  readonly seed: number
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { n: { type: 'string' }, seed: { type: 'string' } }
})
const [n, seed] = [Number(values.n ?? 2000), Number(values.seed ?? 1)]
const chosen = Object.entries(readers).filter(([name]) => positionals.length === 0 || positionals.includes(name))
if (chosen.length === 0 || !Number.isSafeInteger(n) || n < 1 || !Number.isSafeInteger(seed)) {
  console.error(`npm run fuzz -- [READER] [--n N] [--seed S], READER one of ${Object.keys(readers).join(', ')}`)
  process.exit(1)
}

const columns = Object.keys(noCounts())
console.log(['reader'.padEnd(18), ...columns.map((name) => name.padStart(9))].join(''))
let wrong = 0
for (const [name, reader] of chosen) {
  const counts = await run({ name, reader, n, seed })
  wrong += counts.untyped + counts.hang + counts.memory
  console.log([name.padEnd(18), ...Object.values(counts).map((count) => String(count).padStart(9))].join(''))
}
process.exitCode = wrong === 0 ? 0 : 1

/** All inputs of a reader, in threads that are ended where an input does not end, and begun anew behind it. */
async function run(job: Job): Promise<Counts> {
  const total = noCounts()
  for (let from = 0; from < job.n;) {
    const { counts, hung } = await thread(job, from)
    for (const [key, count] of entriesOf(counts)) total[key] += count
    if (hung === null) break
    total.tried += hung - from + 1 - counts.tried
    total.hang++
    const input = inputOf(job.reader, await job.reader.seeds(), job.seed, hung)
    keep(job.name, { kind: 'hang', index: hung, what: 'it did not end', input })
    from = hung + 1
  }
  return total
}

function entriesOf(counts: Counts): readonly (readonly [keyof Counts, number])[] {
  const { tried, ok, typed, untyped, hang, memory } = counts
  return [
    ...([
      ['tried', tried],
      ['ok', ok],
      ['typed', typed]
    ] as const),
    ['untyped', untyped],
    ['hang', hang],
    ['memory', memory]
  ]
}

/** One thread from an input on: its counts, and the input that it did not get past. Those of an ended thread are lost but for troubles. */
function thread({ name, n: count, seed: from0 }: Job, from: number): Promise<{ counts: Counts; hung: number | null }> {
  // -1 until the first input is begun: loading the readers is no input's fault.
  const place = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
  const entry = new URL('../test/workers/fuzz/worker.ts', import.meta.url).href
  const task = { reader: name, n: count, seed: from0, from, place }
  const worker = new Worker(new URL('../workers/node-bootstrap.mjs', import.meta.url), { workerData: { entry, task } })
  return new Promise((resolve, reject) => {
    let seen = -1
    const timer = setInterval(() => {
      const at = Atomics.load(place, 0)
      if (at === seen && at >= 0) end({ counts: noCounts(), hung: at })
      seen = at
    }, patience)
    const end = (result: { counts: Counts; hung: number | null }): void => {
      clearInterval(timer)
      void worker.terminate()
      resolve(result)
    }
    worker.on('message', (message: { trouble?: Trouble; counts?: Counts }) => {
      if (message.trouble) keep(name, message.trouble)
      if (message.counts) end({ counts: message.counts, hung: null })
    })
    worker.on('error', (error) => {
      clearInterval(timer)
      reject(error)
    })
  })
}

function keep(name: string, { kind, index, what, input }: Trouble): void {
  mkdirSync(kept, { recursive: true })
  const path = join(kept, `${name}-${seed}-${index}`)
  writeFileSync(path, input)
  console.log(`${kind}: ${name} ${index}, ${what.split('\n')[0]?.slice(0, 300) ?? ''}, kept as ${path}`)
}
