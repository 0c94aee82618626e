/** Parquet as PyArrow writes it (`companion/fixtures/format_files.py`), and damaged. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { readPromptFile } from '../../src/formats/prompts/file'

const folder = resolve(import.meta.dirname, '../fixtures/prompts')
const read = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(resolve(folder, name)))

describe('Parquet', () => {
  it.each(['snappy', 'zstd', 'gzip', 'brotli', 'lz4', 'none'])('with chats, packed by %s', async (codec) => {
    const { prompts, notes } = await readPromptFile('train.parquet', read(`chats-${codec}.parquet`))
    expect(prompts).toEqual([
      { id: '7', group: '7', messages: [{ role: 'user', content: 'Hi' }], system: null, answer: 'Hello.' },
      {
        id: '8',
        group: '8',
        messages: [
          { role: 'system', content: 'Be brief.' },
          { role: 'user', content: 'Why?' }
        ],
        system: 'Be brief.',
        answer: null
      }
    ])
    expect(notes).toEqual(['Fields that are not used: score.'])
  })

  it('with columns of texts, known by how it begins', async () => {
    const { prompts, notes } = await readPromptFile('train', read('alpaca.parquet'))
    expect(prompts.map(({ messages, answer }) => [messages[0]?.content, answer])).toEqual([
      ['Name it.\n\nA lemon.', 'Lemon.'],
      ['Say hi.', 'Hi.']
    ])
    expect(notes).toEqual(['The field input was written below the question in 1 record.'])
  })

  it('that is damaged is read or refused', async () => {
    const files = ['chats-snappy.parquet', 'chats-zstd.parquet', 'chats-none.parquet', 'alpaca.parquet'].map(read)
    const change = fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), {
      minLength: 1,
      maxLength: 3
    })
    const counts = { read: 0, refused: 0 }
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), change, async (file, changes) => {
        const damaged = file.slice()
        for (const [place, value] of changes) damaged[Math.floor(4 + place * (file.length - 4))] = value
        try {
          await readPromptFile('x.parquet', damaged)
          counts.read++
        } catch (error) {
          if (!(error instanceof LabError) || error.message.includes('\n')) throw error
          counts.refused++
        }
      }),
      { numRuns: 2000, seed: 1 }
    )
    expect(counts.refused).toBeGreaterThan(200)
    expect(counts.read).toBeGreaterThan(0)
  })
})
