import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import type { OpenOptions } from '../../src/lab/api'
import type { ModelHandle } from '../../src/lab/connect'
import { openTested } from '../../src/lab/self-test'
import { fakeModel } from '../fake-lab'

const source = { kind: 'bundled', name: 'fake' } as const

/** Devices on which the hidden states come out wrong. */
function lab(
  isWrong: (options: OpenOptions) => boolean,
  wasmFails = false
): { connect: () => ModelHandle; log: string[] } {
  const log: string[] = []
  const connect = (): ModelHandle => {
    const model = fakeModel({ layers: 4 })
    let opened: OpenOptions = {}
    let name = ''
    return {
      ...model,
      async open(from, options) {
        opened = options
        name = `${options.device ?? 'webgpu'}${options.withoutSubgroups ? ' without subgroups' : ''}${options.keepInt4 ? ' int4' : ''}`
        log.push(`open ${name}`)
        if (wasmFails && options.device === 'wasm') throw new LabError('memory', 'too big')
        return { ...(await model.open(from, options)), device: options.device ?? 'webgpu' }
      },
      async capture(rows, position) {
        const states = await model.capture(rows, position)
        return isWrong(opened) ? { ...states, data: states.data.map((value, i) => value + Math.sin(i)) } : states
      },
      terminate: () => void log.push(`end ${name}`),
      close: async () => void log.push(`end ${name}`)
    }
  }
  return { connect, log }
}

describe('openTested', () => {
  it('passes a device that agrees with WebAssembly, and ends the reference', async () => {
    const { connect, log } = lab(() => false)
    const { test } = await openTested(connect, source, {})
    expect(test).toMatchObject({ status: 'passed', sameTop1: true })
    expect(test.cosine).toHaveLength(4)
    expect(Math.min(...test.cosine)).toBeCloseTo(1, 6)
    expect(log).toEqual(['open webgpu', 'open wasm int4', 'end wasm int4'])
  })

  it('tries again without subgroups', async () => {
    const { connect, log } = lab(({ device, withoutSubgroups }) => device !== 'wasm' && !withoutSubgroups)
    const { test, options } = await openTested(connect, source, {})
    expect(test.summary).toContain('without the GPU feature "subgroups"')
    expect(options.withoutSubgroups).toBe(true)
    expect(log.filter((line) => line === 'open wasm int4')).toHaveLength(1)
    expect(log).toContain('end webgpu')
  })

  it('falls back to WebAssembly and says so', async () => {
    const { connect } = lab(({ device }) => device !== 'wasm')
    const { test, info } = await openTested(connect, source, {})
    expect(info.device).toBe('wasm')
    expect(test.status).toBe('trusted')
    expect(test.summary).toContain('the GPU gave wrong numbers here. Self-test failed: cosine 0.')
  })

  it('compares with the CPU where it is told to, as in Node', async () => {
    const { connect, log } = lab(() => false)
    const { test } = await openTested(connect, source, { device: 'webgpu' }, { trusted: 'cpu' })
    expect(log).toEqual(['open webgpu', 'open cpu int4', 'end cpu int4'])
    expect(test.summary).toMatch(/^Self-test passed: cosine 1\.0000 to the CPU at layer/)
    const wrong = lab(({ device }) => device === 'webgpu')
    const { info } = await openTested(wrong.connect, source, { device: 'webgpu' }, { trusted: 'cpu' })
    expect(info.device).toBe('cpu')
  })

  it('opens, marked as untested, where there is nothing to compare with', async () => {
    const { test } = await openTested(lab(() => false, true).connect, source, {})
    expect(test.status).toBe('untested')
    expect(test.summary).toContain('too big')
  })

  it('leaves one listener at the signal, which ends the model that was opened', async () => {
    const { connect, log } = lab(({ device, withoutSubgroups }) => device !== 'wasm' && !withoutSubgroups)
    const { signal, ...controller } = abortable()
    await openTested(connect, source, {}, { signal })
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    controller.abort()
    expect(log.filter((line) => line === 'end webgpu without subgroups')).toHaveLength(1)
    const failing = abortable()
    const wrong = { ...source, name: 'wrong' }
    await expect(openTested(lab(() => false, true).connect, wrong, { device: 'wasm' }, failing)).rejects.toThrow()
    expect(getEventListeners(failing.signal, 'abort')).toEqual([])
  })

  it('ends every worker when cancelled', async () => {
    const { connect, log } = lab(() => false)
    const controller = new AbortController()
    const opening = openTested(connect, source, {}, { signal: controller.signal, onProgress: () => controller.abort() })
    await expect(opening).rejects.toMatchObject({ name: 'AbortError' })
    expect(log).toContain('end webgpu')
  })

  it('passes on why a model cannot be opened', async () => {
    const opening = openTested(lab(() => false, true).connect, source, { device: 'wasm' })
    await expect(opening).rejects.toMatchObject({ code: 'memory' })
  })
})

function abortable(): { signal: AbortSignal; abort: () => void } {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}
