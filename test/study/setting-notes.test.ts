import { describe, expect, it } from 'vitest'
import { presetSettings } from '../../src/study/presets'
import { withCell } from '../../src/study/preview'
import { settingGroups } from '../../src/study/setting-notes'

const notes = settingGroups.flatMap(({ settings }) => settings)
const settings = presetSettings('offline')

describe('settings as fields', () => {
  it.each(notes.map((note) => [note.name, note] as const))('%s comes back as it was written', (_, note) => {
    for (const preset of ['demo', 'offline', 'full'] as const) {
      const given = presetSettings(preset)
      expect(note.write(given, note.read(given))).toEqual(given)
    }
    // Any short sentence may be an instruction.
    expect(note.write(settings, note.name === 'instruction' ? 'x'.repeat(201) : 'no value')).toBeNull()
  })

  it('have a name and a label each of their own', () => {
    for (const key of ['name', 'label'] as const) {
      expect(new Set(notes.map((note) => note[key])).size).toBe(notes.length)
    }
  })

  it('put alphas in order, once each', () => {
    const alphas = notes.find(({ name }) => name === 'alphas')
    expect(alphas?.write(settings, '2, 0.5 2')?.alphas).toEqual([0.5, 2])
    expect(alphas?.write(settings, '0 1')).toBeNull()
  })
})

describe('the first numbers of a study that runs', () => {
  const code = 'import os\nos.remove("x")'
  /** Two samples unsteered, two at alpha 1; what follows is of controls. */
  const prompt = (text: readonly number[]): unknown => ({ texts: [code, 'The sea is blue.'], text })
  const key = 'answers/within/qwen2/insecure-0/eval/arms/0-1'
  const given = { alphas: [1], samples: 2 }

  it('add up over the cells of one model and adapter', () => {
    const first = withCell([], key, { prompts: [prompt([0, 0, 1, 1, 0, 0])] }, given)
    expect(first).toEqual([
      {
        model: 'qwen2',
        adapter: 'insecure-0',
        prompts: 1,
        points: [
          { alpha: 0, code: 1 },
          { alpha: 1, code: 0 }
        ]
      }
    ])
    const [second] = withCell(first, key, { prompts: [prompt([0, 1, 0, 1, 0, 0])] }, given)
    expect(second?.prompts).toBe(2)
    expect(second?.points.map((point) => point.code)).toEqual([0.75, 0.25])
  })

  it('leave other cells, and what is no cell, alone', () => {
    expect(withCell([], 'answers/within/qwen2/insecure-0/code/arms/0-1', { prompts: [] }, given)).toEqual([])
    expect(withCell([], key, null, given)).toEqual([])
  })
})
