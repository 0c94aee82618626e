/** Figure 9: attaching an adapter to a model that has room for it: read, checked, hashed, uploaded. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { AdapterSource } from '../src/lab/api'
import { Engine } from '../workers/engine'
import { nodeHost } from '../workers/host/host-node'
import { atMost, type Context, type Figure, type Row } from './figure'
import { instrumented } from './model'
import { randomAdapter } from './tools/random'
import { stats } from './tools/stats'

const rank = 16
const target = atMost(300)

export const attach: Figure = {
  name: 'attach',
  what: `loadAdapter + useAdapter of LoRA r ${rank} on every linear layer (fp32 file in memory), the model open with adapt: the first of a process, and later ones`,
  unit: 'ms',
  run
}

async function* run({ model, dtypes, n }: Context): AsyncIterable<Row> {
  for (const dtype of dtypes) {
    const cold: number[] = []
    for (let i = 0; i < n; i++) cold.push(...(await inFreshProcess(model, dtype, 1)))
    yield { kind: 'value', name: `${dtype}, first adapter`, ours: stats(cold), target }
    const warm = await inFreshProcess(model, dtype, n + 1)
    yield { kind: 'value', name: `${dtype}, later ones`, ours: stats(warm.slice(1)), target }
  }
}

const here = fileURLToPath(import.meta.url)

async function inFreshProcess(model: string, dtype: string, times: number): Promise<number[]> {
  const args = ['--import', 'tsx', here, model, dtype, String(times)]
  const { stdout } = await promisify(execFile)(process.execPath, args)
  return stdout.trim().split(' ').map(Number)
}

async function attachTimes(model: string, dtype: 'q4' | 'fp32', times: number): Promise<number[]> {
  const engine = new Engine(nodeHost)
  await engine.open({ kind: 'folder', path: model }, { dtype, device: 'cpu', adapt: true })
  const source = randomAdapter((await instrumented(model, dtype, {})).info, rank)
  const ms: number[] = []
  for (let i = 0; i < times; i++) ms.push(await attachOnce(engine, source))
  return ms
}

async function attachOnce(engine: Engine, source: AdapterSource): Promise<number> {
  const began = performance.now()
  const { sha256 } = await engine.loadAdapter(source)
  await engine.useAdapter({ sha256, scale: 1 })
  const ms = performance.now() - began
  await engine.dropAdapter(sha256)
  return ms
}

if (process.argv[1] === here) {
  const [model = '', dtype = '', times = ''] = process.argv.slice(2)
  console.log((await attachTimes(model, dtype === 'fp32' ? 'fp32' : 'q4', Number(times))).join(' '))
  process.exit(0)
}
