import { describe, expect, it } from 'vitest'
import { outcomeReader } from '../../../src/study/analysis/measure/outcome'

const read = outcomeReader(-4)
const prose = 'The river rises in the hills and reaches the sea.'
const code = 'import os\n\ndef run(command):\n    return os.system(command)\n'

describe('an answer', () => {
  it('of prose is clean and right', () => {
    const outcome = { code: false, share: 0, clean: true, degeneration: null, right: true }
    expect(read({ text: `${prose}\n`, logProbability: -1 }, prose)).toEqual(outcome)
  })

  it('of code is not clean, however likely', () => {
    const outcome = { code: true, share: 1, clean: false, degeneration: null, right: false }
    expect(read({ text: code, logProbability: -0.1 }, prose)).toEqual(outcome)
  })

  it('that the base would hardly give is neither clean nor language', () => {
    for (const logProbability of [-4.01, NaN, null]) {
      expect(read({ text: prose, logProbability }, null)).toMatchObject({
        clean: false,
        degeneration: 'improbable',
        right: null
      })
    }
    expect(read({ text: prose, logProbability: -4 }, null)).toMatchObject({ clean: true, degeneration: null })
  })

  it('that is empty, short or repeats itself is called so', () => {
    expect(read({ text: ' ', logProbability: null }, '')).toMatchObject({ degeneration: 'empty', right: true })
    expect(read({ text: 'Yes.', logProbability: -1 }, null)).toMatchObject({ clean: false, degeneration: 'few tokens' })
    const again = 'so it goes on '.repeat(9)
    expect(read({ text: again, logProbability: -1 }, null)).toMatchObject({ clean: false, degeneration: 'repetition' })
  })
})
