import { getEventListeners } from 'node:events'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import type { HiddenStates } from '../../src/direction/hidden-states'
import type { ModelInfo, OpenOptions, TokenEvent } from '../../src/lab/api'
import type { ModelHandle } from '../../src/lab/connect/connect'
import { openTested } from '../../src/lab/self-test'
import { fakeModel } from '../fake-lab'

const source = { kind: 'bundled', name: 'fake' } as const

/** Devices on which the hidden states come out wrong. */
function lab(
  isWrong: (options: OpenOptions) => boolean,
  wasmFails = false,
  more: Partial<ModelInfo> = {}
): { connect: () => ModelHandle; log: string[] } {
  const log: string[] = []
  const connect = (): ModelHandle => {
    const model = fakeModel({ layers: 4, info: more })
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

/** Models that are wrong on the GPU only, each in one way. */
const wrongOnlyAt: Readonly<Record<string, (model: ModelHandle) => Partial<ModelHandle>>> = {
  'a prompt alone': (model) => ({
    capture: async (rows, position) => disturbed(await model.capture(rows, position), rows.length === 1)
  }),
  'a ragged batch': (model) => ({
    capture: async (rows, position) => disturbed(await model.capture(rows, position), rows.length > 1)
  }),
  'one layer': (model) => ({
    capture: async (rows, position) => {
      const states = await model.capture(rows, position)
      return { ...states, data: states.data.map((x, i) => (i < states.data.length / 4 ? x + Math.sin(i) : x)) }
    }
  }),
  'the length of hidden states': (model) => ({
    capture: async (rows, position) => {
      const states = await model.capture(rows, position)
      return { ...states, data: states.data.map((x) => 1.2 * x) }
    }
  }),
  'a state of zeros': (model) => ({
    capture: async (rows, position) => {
      const states = await model.capture(rows, position)
      return { ...states, data: states.data.fill(0, 0, states.width) }
    }
  }),
  'numbers that end at the limit of half precision': (model) => ({
    capture: async (rows, position) => {
      const states = await model.capture(rows, position)
      return { ...states, data: states.data.map((x) => Math.min(x, 65504)) }
    }
  }),
  'numbers that are none': () => ({
    capture: () => Promise.reject(new LabError('device', 'the hidden states hold NaN'))
  }),
  'the next token': (model) => ({ generate: decodes(model, (step) => step === 0) }),
  decoding: (model) => ({ generate: decodes(model, (step) => step > 0) }),
  'the last decoded token': (model) => ({ generate: decodes(model, (step) => step === 3) }),
  'how likely a decoded token is': (model) => ({
    generate: async (...args) => {
      const result = await model.generate(...args)
      const completions = result.completions.map((one) => {
        return { ...one, logProbabilities: one.logProbabilities.map((x, step) => (step === 2 ? x - 3 : x)) }
      })
      return { ...result, completions }
    }
  }),
  'decoding one row of a batch': (model) => ({ generate: decodes(model, (step, row) => row === 1 && step === 1) }),
  'a prompt of more than 512 tokens': (model) => ({
    capture: async (rows, position) => disturbed(await model.capture(rows, position), position === 'answer-mean')
  }),
  'decoding after more than 512 tokens': (model) => ({
    generate: (rows, ...rest) => {
      const isLong = rows.some(({ prompt }) => 'ids' in prompt && prompt.ids.length > 512)
      return decodes(model, (step) => isLong && step > 0)(rows, ...rest)
    }
  })
}

function disturbed(states: HiddenStates, isWrong: boolean): HiddenStates {
  return isWrong ? { ...states, data: states.data.map((x, i) => x + Math.sin(i)) } : states
}

/** Another token, which the other device finds unlikely. */
function decodes(model: ModelHandle, isWrong: (step: number, row: number) => boolean): ModelHandle['generate'] {
  return async (...args) => {
    const result = await model.generate(...args)
    const completions = result.completions.map((one, row) => {
      return { ...one, ids: one.ids.map((id, step) => (isWrong(step, row) ? id + 20 : id)) }
    })
    return { ...result, completions }
  }
}

/** The fake with a state as large as half precision allows, but for the edits of one device. */
function large(model: ModelHandle): ModelHandle {
  return {
    ...model,
    async capture(rows, position) {
      const states = await model.capture(rows, position)
      return { ...states, data: states.data.map((x, i) => (i === 5 ? 65600 : x)) }
    }
  }
}

describe('a device that is wrong only at', () => {
  it.each(Object.entries(wrongOnlyAt))('%s is not used', async (_, wrong) => {
    const connect = (): ModelHandle => {
      const model = large(fakeModel({ layers: 4 }))
      let edits: Partial<ModelHandle> = {}
      return {
        ...model,
        async open(from, options) {
          const device = options.device ?? 'webgpu'
          edits = device === 'webgpu' ? wrong(model) : {}
          return { ...(await model.open(from, options)), device }
        },
        capture: (...args) => (edits.capture ?? model.capture)(...args),
        generate: (...args) => (edits.generate ?? model.generate)(...args)
      }
    }
    const { test, info } = await openTested(connect, source, {}, { patience: Infinity })
    expect(info.device).toBe('wasm')
    expect(test.summary).toMatch(/the GPU gave wrong numbers here\. Self-test failed: \S/)
  })
})

describe('openTested', () => {
  it('compares a long prompt, and says so where that would take too long', async () => {
    const long = await openTested(lab(() => false).connect, source, {}, { patience: Infinity })
    expect(long.test).toMatchObject({ status: 'passed', longest: 576 })
    const short = await openTested(lab(() => false).connect, source, {}, { patience: 0 })
    expect(short.test).toMatchObject({ status: 'passed', longest: 0 })
    expect(short.test.summary).toContain('Prompts of more than 512 tokens were not tried')
  })

  it.each([
    [{ window: 1024 }, 1072],
    [{ window: 1024, contextLength: 1000 }, 995],
    [{ contextLength: 256 }, 251],
    [{ contextLength: 64 }, 0]
  ])('goes beyond the window, as far as the context allows: %o', async (more, tokens) => {
    const { connect } = lab(() => false, false, more)
    const { test } = await openTested(connect, source, {}, { patience: Infinity })
    expect(test).toMatchObject({ status: 'passed', longest: tokens })
  })

  it('takes another token for a near tie, but says at what', async () => {
    const connect = (): ModelHandle => {
      const model = fakeModel({ layers: 4 })
      let isTie = false
      return {
        ...model,
        async open(from, options) {
          isTie = options.device !== 'wasm'
          return { ...(await model.open(from, options)), device: options.device ?? 'webgpu' }
        },
        async generate(rows, options, onToken) {
          const events: TokenEvent[] = []
          const result = await model.generate(rows, options, (some) => {
            const tied = some.map((event) => {
              const second = { id: event.id + 20, text: 'tie', probability: event.probability * 0.95 }
              return { ...event, alternatives: [...(event.alternatives ?? []), second] }
            })
            events.push(...tied)
            onToken?.(tied)
          })
          if (!isTie) return result
          const completions = result.completions.map((one) => ({ ...one, ids: one.ids.map((id) => id + 20) }))
          return { ...result, completions }
        }
      }
    }
    const { test } = await openTested(connect, source, {}, { patience: Infinity })
    expect(test.status).toBe('passed')
  })

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
