/** The hook gate: how far each arm moves the hidden state at its first layer, measured, beside what it should do by arithmetic. */
import { hiddenState } from '../../direction/hidden-states'
import type { CaptureRow, Intervention, Steering } from '../../lab/api'
import { addInto, dot, length } from '../../math/vector'
import type { BlockPlan } from './answers'
import type { Lease } from './lease'
import type { Arm } from '../run'
import type { Study } from '../study'
import type { Entry } from '../journal'
import { hasFloats } from './whole'

/** Prompts of `eval` that the gate looks at. */
const looked = 2

/** The arms with what was measured, in their order. It belongs to the step that the arms do. */
export async function hookGate(
  study: Study,
  lease: Lease,
  adapter: string,
  name: string,
  { stage, arms }: Pick<BlockPlan, 'stage' | 'arms'>
): Promise<readonly Arm[]> {
  const { key } = lease.model
  const place = { stage, model: key, adapter, text: 'do the arms do what they say?' } as const
  const steered = arms.flatMap(({ steering }) => (steering ? [steering] : []))
  const compute = async (): Promise<Entry> => ({
    json: null,
    floats: Float32Array.from(await measure(study, lease, adapter, steered))
  })
  const isWhole = (entry: Entry): boolean => hasFloats(entry, 2 * steered.length)
  const entry = await study.cell(place, `hook/${key}/${adapter}/${name}`, 0, compute, isWhole)
  let at = 0
  return arms.map(
    ({ steering, flatten: _flatten, instruction: _instruction, samples: _samples, turn: _turn, ...arm }) => {
      if (!steering) return { ...arm, hook: null }
      const [measured = NaN, expected = NaN] = entry.floats?.slice(2 * at, 2 * at + 2) ?? []
      at++
      return { ...arm, hook: { measured, expected } }
    }
  )
}

/** Pairs of measured and expected, one a steering. */
async function measure(study: Study, lease: Lease, adapter: string, steered: readonly Steering[]): Promise<number[]> {
  const prompts = study.prompts.eval.slice(0, looked)
  const batch = Math.max(looked + 1, Math.min(64, study.settings.batch))
  const sums = steered.map((): [number, number] => [0, 0])
  for (const { messages } of prompts) {
    for (let from = 0; from < steered.length; from += batch - 1) {
      const part = steered.slice(from, from + batch - 1)
      const rows: CaptureRow[] = [
        { prompt: { messages } },
        ...part.map((steering) => ({ prompt: { messages }, steering }))
      ]
      const states = await lease.call(adapter, (handle) => handle.capture(rows, 'last'))
      part.forEach((steering, i) => {
        const layer = Math.min(...steering.interventions.map((one) => one.layer))
        const before = hiddenState(states, layer, 0)
        const sum = sums[from + i]
        if (!sum) return
        sum[0] += distance(hiddenState(states, layer, i + 1), before) / prompts.length
        sum[1] += distance(written(before, steering, layer), before) / prompts.length
      })
    }
  }
  return sums.flat()
}

/** What the steering of one layer makes of a hidden state. */
function written(state: Float32Array, { interventions, keepNorm }: Steering, layer: number): Float64Array {
  const out = Float64Array.from(state)
  for (const one of interventions) if (one.layer === layer) write(out, one)
  if (!keepNorm) return out
  const scale = length(state) / length(out)
  return out.map((value) => value * scale)
}

function write(state: Float64Array, one: Intervention): void {
  if (one.mode === 'add') return addInto(state, one.vector, one.coefficient)
  const size = length(one.vector)
  const wanted = one.mode === 'clamp' ? one.value : 0
  addInto(state, one.vector, (wanted - dot(one.vector, state) / size) / size)
}

function distance(a: Float32Array | Float64Array, b: Float32Array): number {
  const difference = Float64Array.from(a)
  addInto(difference, b, -1)
  return length(difference)
}
