/** A model of a study, opened and closed many times under one signal. */
import { getEventListeners } from 'node:events'
import { expect, it } from 'vitest'
import type { Progress } from '../../src/lab/api'
import { LabError } from '../../src/errors'
import { memoryJournal } from '../../src/study/journal'
import type { StudyProgress } from '../../src/study/progress'
import { mapSets } from '../../src/study/settings'
import { Study } from '../../src/study/study'
import { base, Lease } from '../../src/study/steps/lease'
import { plantedModel } from '../planted-lab'
import { nativeLab, reduced } from './samples/reduced'

const [model] = reduced.models
if (!model) throw new Error('the reduced study has no model')

function study(
  signal: AbortSignal,
  downloads: readonly Progress[] = []
): { study: Study; told: StudyProgress[]; ended: () => number } {
  const told: StudyProgress[] = []
  let ended = 0
  const connect = (): ReturnType<typeof plantedModel> => {
    const handle = plantedModel()
    return {
      ...handle,
      open: async (source, options, onProgress) => {
        for (const progress of downloads) onProgress?.(progress)
        return { ...(await handle.open(source, options)), device: 'cpu' }
      },
      terminate: () => void ended++
    }
  }
  const options = { journal: memoryJournal(), signal, onProgress: (one: StudyProgress) => void told.push(one) }
  const none = mapSets(() => [])
  return { study: new Study(reduced, { ...nativeLab(), connect }, none, 1, options), told, ended: () => ended }
}

it('leaves nothing behind at the signal, and is ended by it while it is open', async () => {
  const controller = new AbortController()
  const { study: one, ended } = study(controller.signal)
  for (let i = 0; i < 12; i++) {
    const lease = new Lease(one, model)
    await lease.call(base, () => Promise.resolve())
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1)
    await lease.close()
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  }
  await new Lease(one, model).call(base, () => Promise.resolve())
  expect(ended()).toBe(0)
  controller.abort()
  expect(ended()).toBe(1)
  await expect(new Lease(one, model).call(base, () => Promise.resolve())).rejects.toMatchObject({ name: 'AbortError' })
})

it('opens a model again where its device was lost, once a call, and says what happened', async () => {
  const { study: one } = study(new AbortController().signal)
  const lease = new Lease(one, model)
  const lost = new LabError('device', 'the GPU was lost while the model ran: open the model again')
  let calls = 0
  const work = (): Promise<string> => (++calls === 2 ? Promise.resolve('done') : Promise.reject(lost))
  expect(await lease.call(base, work)).toBe('done')
  expect(one.notes).toEqual([`${model.key} was lost and opened again: ${lost.message}`])
  await expect(lease.call(base, () => Promise.reject(lost))).rejects.toBe(lost)
})

it('tells of a download while it opens', async () => {
  const part = { stage: 'download', unit: 'bytes', file: 'onnx/model_q4.onnx_data' } as const
  const { study: one, told } = study(new AbortController().signal, [
    { ...part, done: 2_500_000, total: 1_200_000_000 },
    { ...part, done: 2_500_000, total: 0 }
  ])
  await new Lease(one, model).call(base, () => Promise.resolve())
  expect(told.map(({ stage, text }) => [stage, text])).toEqual([
    ['open', 'downloading onnx/model_q4.onnx_data, 2.5 of 1200 MB'],
    ['open', 'downloading onnx/model_q4.onnx_data, 2.5 MB']
  ])
})
