import { expect, it } from 'vitest'
import type { Progress } from '../../src/lab/api'
import { Meter } from '../../src/state/meter'
import { describeProgress } from '../../src/ui/words/words'

const download = (done: number): Progress => ({ stage: 'download', done, total: 100e6, unit: 'bytes' })

it('measures rate and time left over the last seconds, anew for each stage', () => {
  const meter = new Meter()
  expect(meter.measure(download(0), 0)).toMatchObject({ rate: 0, left: null })
  const measured = meter.measure(download(10e6), 1000)
  expect(measured).toMatchObject({ rate: 10e6, left: 9 })
  expect(describeProgress(measured)).toBe('Downloading, 10 MB of 100 MB, 10.0 MB/s, 9 s left')
  expect(meter.measure(download(12e6), 7000).rate).toBe(0)
  expect(meter.measure({ stage: 'session', done: 0, total: 0, unit: 'steps' }, 8000).left).toBeNull()
})
