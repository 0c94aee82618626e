/** Every other model's direction in one receiver. */
import { measureBlock, type MeasuredBlock } from './block'
import { carryOver, transferArms, type Carried, type TransferSide } from './carried'
import { Lease } from './lease'
import type { MapRecord } from '../run'
import type { StudyModel } from '../settings'
import type { Study } from '../study'

export interface TransferResult {
  readonly maps: readonly MapRecord[]
  readonly block: MeasuredBlock
  readonly carried: readonly Carried[]
}

/** Carries the directions of all donors to a receiver and steers it with them, under its primary adapter. */
export async function studyTransfer(
  study: Study,
  model: StudyModel,
  adapter: string,
  sides: readonly TransferSide[]
): Promise<TransferResult> {
  const { settings } = study
  const receiver = sides.find(({ key }) => key === model.key)
  if (!receiver) throw new RangeError(`no directions of ${model.key}`)
  const carried: Carried[] = []
  for (const donor of sides) {
    if (donor === receiver) continue
    for (const anchors of settings.anchors) carried.push(await carryOver(study, donor, receiver, anchors))
  }
  const seed = settings.seed * 1000 + 500 + sides.indexOf(receiver)
  const arms = transferArms(settings, receiver.own, carried, seed)
  const lease = new Lease(study, model)
  try {
    const plan = { adapter, part: 'transfer', stage: 'transfer', name: 'arms', set: 'eval', arms } as const
    const block = await measureBlock(study, lease, plan)
    return { maps: carried.map(({ record }) => record), block, carried }
  } finally {
    await lease.close()
  }
}
