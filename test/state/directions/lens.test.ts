import { expect, it } from 'vitest'
import type { Direction } from '../../../src/direction/direction'
import { LabError } from '../../../src/errors'
import type { LensRow } from '../../../src/lab/api'
import type { LiveModel } from '../../../src/lab/live/live-model'
import { Lab } from '../../../src/state/lab.svelte'
import { Lens } from '../../../src/state/directions/lens.svelte'
import { fakeOutside } from '../../fake-lab'

const ends = { positiveName: 'gloomy', negativeName: 'joyful' }

async function fitted(): Promise<{ readonly lab: Lab; readonly directions: readonly Direction[] }> {
  const lab = new Lab(fakeOutside({ layers: 6 }))
  await lab.first.begin()
  return { lab, directions: lab.inUse.fit?.directions ?? [] }
}

function at(directions: readonly Direction[], layer: number): Direction {
  const direction = directions[layer]
  if (!direction) throw new Error(`no direction at layer ${layer}`)
  return direction
}

it('asks for ten words on each side of the very direction, and shows what it is told, with whose it is', async () => {
  const { directions } = await fitted()
  const asked: unknown[] = []
  const row: LensRow = {
    nearest: [{ id: 4, text: 'grief', logit: 3 }],
    farthest: [{ id: 7, text: 'sunny', logit: -2 }],
    mean: 0.25,
    deviation: 1.5
  }
  const reader: Pick<LiveModel, 'lens'> = {
    lens: async (vectors, options) => {
      asked.push([[...vectors], options])
      return [row]
    }
  }
  const lens = new Lens()
  await lens.read(reader, at(directions, 3), ends)
  expect(asked).toEqual([[[...at(directions, 3).vector], { k: 10 }]])
  expect(lens.reading).toEqual({ ...row, direction: at(directions, 3), ends, by: reader })
  expect(lens.isOf(reader, at(directions, 3))).toBe(true)
})

it('shows the newest direction asked for, whichever answer comes first', async () => {
  const { directions } = await fitted()
  const answers: ((rows: readonly LensRow[]) => void)[] = []
  const slow = { lens: () => new Promise<readonly LensRow[]>((resolve) => answers.push(resolve)) }
  const row = (mean: number): LensRow => ({ nearest: [], farthest: [], mean, deviation: 1 })
  const lens = new Lens()
  const both = [lens.read(slow, at(directions, 1), ends), lens.read(slow, at(directions, 2), ends)]
  answers[1]?.([row(2)])
  answers[0]?.([row(1)])
  await Promise.all(both)
  expect(lens.reading).toMatchObject({ mean: 2, direction: { layer: 2 } })
  expect([1, 2].map((layer) => lens.isOf(slow, at(directions, layer)))).toEqual([false, true])
  expect(lens.isOf({ ...slow }, at(directions, 2))).toBe(false)
  expect(lens.status.kind).toBe('done')
})

it('tells what failed, and reads again', async () => {
  const { lab, directions } = await fitted()
  const lens = new Lens()
  const broken = { lens: () => Promise.reject(new LabError('graph', 'the lens needs a model that can be written to')) }
  await lens.read(broken, at(directions, 0), ends)
  expect(lens.status).toMatchObject({ kind: 'failed', error: { code: 'graph' } })
  if (lab.models.active) await lens.read(lab.models.active.live, at(directions, 0), ends)
  expect(lens.status.kind).toBe('done')
})
