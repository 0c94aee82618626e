/** Figure 7: opening a stored model, in a fresh process each time. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Dtype } from '../src/lab/api'
import { Engine } from '../workers/engine'
import { nodeHost } from '../workers/host/host-node'
import { costRow } from './compare'
import { atMost, type Context, type Figure, type Row } from './figure'
import { untouchedSession } from './model'
import { interleave, stats } from './tools/stats'

export const open: Figure = {
  name: 'open',
  what: 'Engine.open (read + affine, tokenizer, fingerprint) / InferenceSession.create of the untouched graph, each in a fresh process',
  unit: 'ms, the time of ours / theirs',
  run
}

type Part = 'total' | 'instrument' | 'session'
type Parts = Readonly<Record<Part, number>>

const here = fileURLToPath(import.meta.url)

async function* run({ model, dtypes, n }: Context): AsyncIterable<Row> {
  for (const dtype of dtypes) {
    const once = (who: string) => () => inFreshProcess(who, model, dtype)
    const parts = await interleave(n, { ours: once('ours'), theirs: once('theirs') })
    const [ours = [], theirs = []] = [parts.get('ours'), parts.get('theirs')]
    const totals = (list: readonly Parts[]): number[] => list.map(({ total }) => total)
    yield costRow(`${dtype}`, totals(ours), totals(theirs), atMost(1.1))
    for (const part of ['instrument', 'session'] as const) {
      yield { kind: 'value', name: `${dtype}: of which ${part}`, ours: stats(ours.map((o) => o[part])), target: null }
    }
  }
}

async function inFreshProcess(who: string, model: string, dtype: Dtype): Promise<Parts> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', here, who, model, dtype])
  const [total = NaN, instrument = NaN, session = NaN] = stdout.trim().split(' ').map(Number)
  return { total, instrument, session }
}

async function once(who: string, model: string, dtype: Dtype): Promise<string> {
  const began = performance.now()
  if (who === 'theirs') {
    await untouchedSession(model, dtype)
    return String(performance.now() - began)
  }
  const { timing } = await new Engine(nodeHost).open({ kind: 'folder', path: model }, { dtype, device: 'cpu' })
  return `${performance.now() - began} ${timing.instrument} ${timing.session}`
}

if (process.argv[1] === here) {
  const [who = '', model = '', dtype = ''] = process.argv.slice(2)
  console.log(await once(who, model, dtype === 'fp32' ? 'fp32' : 'q4'))
  process.exit(0)
}
