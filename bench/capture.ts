/** Figure 6: hidden states of 64 prompts, against PyTorch hooks on the same cores. */
import { availableParallelism } from 'node:os'
import type { Dtype } from '../src/lab/api'
import { Engine } from '../workers/engine'
import { nodeHost } from '../workers/host/host-node'
import { speedRow } from './compare'
import { closeAll } from './contestants/decoder'
import { atLeast, type Context, type Figure, type Row } from './figure'
import { readPrompts } from './prompts'
import { NotMeasured, numbers, Python, text } from './tools/python'
import { interleave } from './tools/stats'

const rows = 64
const batches = [8, 64]

export const capture: Figure = {
  name: 'capture',
  what: `${rows} prompts of 16 to 48 tokens, all layers, last token: our engine / PyTorch forward hooks (fp32, the same threads)`,
  unit: 'ms for all prompts',
  run
}

type Ids = readonly (readonly number[])[]

async function* run({ model, n, dtypes }: Context): AsyncIterable<Row> {
  let theirs: Python
  let version: string
  try {
    const { python, ready } = await Python.start('torch_hooks.py', [String(availableParallelism())])
    theirs = python
    version = text(ready, 'version')
  } catch (error) {
    if (!(error instanceof NotMeasured)) throw error
    yield { kind: 'not measured', name: 'fp32', reason: error.message }
    return
  }
  try {
    for (const dtype of dtypes) yield* compare(model, dtype, n, theirs, version)
  } finally {
    await theirs.close()
  }
}

async function* compare(model: string, dtype: Dtype, n: number, theirs: Python, version: string): AsyncIterable<Row> {
  const prompts = await readPrompts(model)
  const ours = new Engine(nodeHost)
  await ours.open({ kind: 'folder', path: model }, { dtype, device: 'cpu' })
  try {
    for (const size of batches) {
      const times = await interleave(n, {
        ours: (repetition) => captureAll(ours, prompts.batch(rows, 16, 48, repetition), size),
        theirs: async (repetition) => {
          const answer = await theirs.ask({ rows: prompts.batch(rows, 16, 48, repetition), batch: size })
          return numbers(answer, 'ms')[0] ?? NaN
        }
      })
      const target = dtype === 'fp32' ? atLeast(1.2) : null
      const name = `${dtype}, batches of ${size} (${version})`
      yield speedRow(name, times.get('ours') ?? [], times.get('theirs') ?? [], target)
    }
  } finally {
    await closeAll([ours])
  }
}

async function captureAll(engine: Engine, ids: Ids, size: number): Promise<number> {
  const began = performance.now()
  for (let i = 0; i < ids.length; i += size) {
    const batch = ids.slice(i, i + size).map((row) => ({ prompt: { ids: row } }))
    await engine.capture(batch, 'last')
  }
  return performance.now() - began
}
