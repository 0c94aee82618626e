/** Figure 1: how long it takes to edit the graph. */
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { instrument as edit } from '../src/onnx/instrument'
import type { Plan } from '../src/onnx/plan'
import { atMost, type Context, type Figure, type Row } from './figure'
import { graphPath } from './model'
import { stats } from './tools/stats'

const full: Plan = { read: true, select: true, write: 'affine', adapt: true }
const target = atMost(100)

export const instrument: Figure = {
  name: 'instrument',
  what: 'read + affine + adapt + select on the whole graph: the first call of a process, and later ones',
  unit: 'ms',
  run
}

async function* run({ model, dtypes, n }: Context): AsyncIterable<Row> {
  for (const dtype of dtypes) {
    const path = await graphPath(model, dtype)
    const cold: number[] = []
    for (let i = 0; i < n; i++) cold.push(await inFreshProcess(path))
    yield { kind: 'value', name: `${dtype}, first call`, ours: stats(cold), target }
    const file = await readFile(path)
    const warm = Array.from({ length: 5 * n }, () => timeEdit(file)).slice(n)
    yield { kind: 'value', name: `${dtype}, later calls`, ours: stats(warm), target }
  }
}

function timeEdit(file: Uint8Array): number {
  const began = performance.now()
  edit(file, full, 'model.onnx')
  return performance.now() - began
}

const here = fileURLToPath(import.meta.url)

/** Modules are loaded before the clock starts, as a worker's are. */
async function inFreshProcess(path: string): Promise<number> {
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', here, path])
  return Number(stdout)
}

if (process.argv[1] === here) console.log(timeEdit(await readFile(process.argv[2] ?? '')))
