import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import { localMath } from '../../../src/lab/math'
import type { StudyStore } from '../../../src/storage/journal-idb'
import { presetSettings } from '../../../src/study/presets'
import { ForeignHosts } from '../../../src/state/models/foreign-hosts.svelte'
import { StudyRun } from '../../../src/state/study/study.svelte'
import { fakeModel } from '../../fake-lab'
import { fakeCells, fakeStudyOutside, memoryStudies, type FakeStudyOptions } from '../../fake-study'
import { noFindings } from '../../study/samples/no-findings'

const settings = presetSettings('demo')

function study(options: FakeStudyOptions = {}, store: StudyStore = memoryStudies()): StudyRun {
  const more = { findings: async () => noFindings, ...options.more }
  const engines = { connect: () => fakeModel(), math: localMath() }
  return new StudyRun(engines, fakeStudyOutside({ ...options, more }, store), new ForeignHosts())
}

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve))
}

describe('StudyRun', () => {
  it('runs a study to its end and keeps its bundle in place of its cells', async () => {
    const store = memoryStudies()
    const one = study({}, store)
    await one.start(settings)
    expect(one.status).toMatchObject({ kind: 'done', findings: noFindings })
    expect(one.kept.list.map(({ card }) => card)).toMatchObject([{ finished: true, done: 4000, total: 4000 }])
    const { id } = one.kept.list[0]?.card ?? { id: '' }
    expect(await store.cells(id).keys()).toEqual([])
    expect((await store.bundle(id))?.size).toBeGreaterThan(1000)
  })

  it('goes on where a tab that is gone has stopped: no cell twice, and the same run', async () => {
    const store = memoryStudies()
    const computed: string[] = []
    const killed = study(
      {
        onCell: (key) => {
          computed.push(key)
          // A killed tab neither cancels nor says anything more.
          if (computed.length === 15) throw new Error('the tab is gone')
        }
      },
      store
    )
    await killed.start(settings)
    const later = study({ onCell: (key) => computed.push(key) }, store)
    await later.kept.refresh()
    const [kept] = later.kept.list
    expect(kept).toMatchObject({ card: { finished: false, done: 1400 }, isRunning: false })
    if (kept) await later.goOn(kept)
    expect(later.status.kind).toBe('done')
    expect(computed).toHaveLength(fakeCells + 1)
    const whole = study()
    await whole.start(settings)
    const rows = (of: StudyRun): unknown => (of.status.kind === 'done' ? of.status.run.answers : null)
    expect(rows(later)).toEqual(rows(whole))
  })

  it('holds between cells while it is paused', async () => {
    let cells = 0
    const one: StudyRun = study({ onCell: () => void (++cells === 5 && one.pause()) })
    const ended = one.start(settings)
    await until(() => cells === 5)
    // A cell takes one turn of the clock: a study that went on would be at its end.
    for (let turn = 0; turn < 3 * fakeCells; turn++) await new Promise((resolve) => setTimeout(resolve))
    expect([cells, one.status.kind]).toEqual([5, 'paused'])
    one.resume()
    await ended
    expect(one.status.kind).toBe('done')
    expect(cells).toBe(fakeCells)
  })

  it('is cancelled without a failure, also while paused, and can go on', async () => {
    let cells = 0
    const one: StudyRun = study({ onCell: () => void (++cells === 5 && one.pause()) })
    const ended = one.start(settings)
    await until(() => cells === 5)
    one.cancel()
    await ended
    expect([cells, one.status.kind]).toEqual([5, 'idle'])
    const [kept] = one.kept.list
    expect(kept?.card).toMatchObject({ finished: false })
    if (kept) await one.goOn(kept)
    expect(one.status.kind).toBe('done')
    expect(cells).toBe(fakeCells)
  })

  it('tells a failure by its code, and a retry repeats no finished cell', async () => {
    let cells = 0
    const one = study({
      onCell: () => {
        if (++cells === 10) throw new LabError('worker-lost', 'the worker stopped twice; try again')
      }
    })
    await one.start(settings)
    expect(one.status).toMatchObject({ kind: 'failed', error: { code: 'worker-lost' } })
    await one.retry()
    expect(one.status.kind).toBe('done')
    expect(cells).toBe(fakeCells + 1)
  })

  it('shows a finished run that there was no room for', async () => {
    const full = memoryStudies()
    const one = study({}, { ...full, finish: () => Promise.reject(new LabError('quota', 'no room left; free some')) })
    await one.start(settings)
    expect(one.status.kind).toBe('done')
    expect(one.notice).toContain('no room left')
    expect(one.bundle?.size).toBeGreaterThan(1000)
  })

  it('does not run a study that another tab runs', async () => {
    const store = memoryStudies()
    const first = study({ delay: 1 }, store)
    const ended = first.start(settings)
    await until(() => first.progress !== null)
    const second = study({}, store)
    await second.kept.refresh()
    const [kept] = second.kept.list
    expect(kept?.isRunning).toBe(true)
    if (kept) await second.goOn(kept)
    expect(second.isElsewhere).toBe(true)
    expect(second.status.kind).toBe('idle')
    await ended
    expect(first.status.kind).toBe('done')
  })

  it('takes a discarded study back, until the next one is discarded', async () => {
    const store = memoryStudies()
    const one = study({}, store)
    await one.start(settings)
    await one.start(settings)
    const [second, first] = one.kept.list
    if (!second || !first) throw new Error('two studies should be kept')
    await one.kept.discard(first)
    expect(one.kept.list).toHaveLength(1)
    one.kept.undo()
    expect(one.kept.list).toHaveLength(2)
    await one.kept.discard(first)
    await one.kept.discard(second)
    expect((await store.list()).map(({ id }) => id)).toEqual([second.card.id])
  })
})
