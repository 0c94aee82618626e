/** One block of a run: its arms pass the hook gate, then they answer. */
import { answerBlock, type BlockAnswer, type BlockPlan } from './answers'
import { hookGate } from './hook'
import type { Lease } from './lease'
import type { Arm, Block } from '../run'
import type { Study } from '../study'

/** A block with its answers. */
export interface MeasuredBlock extends Block {
  readonly answers: readonly BlockAnswer[]
}

/** Gate and answers of a block. */
export async function measureBlock(study: Study, lease: Lease, plan: Omit<BlockPlan, 'model'>): Promise<MeasuredBlock> {
  const model = lease.model.key
  const { adapter, part, set, name } = plan
  if (set === 'fit') throw new RangeError('answers to fit belong to no block')
  const arms: readonly Arm[] = await hookGate(study, lease, adapter, `${part}-${set}-${name}`, plan)
  const answers = await answerBlock(study, lease, { ...plan, model })
  return { model, adapter, set, part, arms, answers }
}
