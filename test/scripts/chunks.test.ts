import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chunks, targets } from '../../scripts/tests/chunks.mjs'

const source = "import a from 'a'\n\n/** One. */\nexport const one = 1\n\nfunction two() {\n  return one\n}\n"
const root = mkdtempSync(join(tmpdir(), 'azimuth-chunks-'))
mkdirSync(join(root, 'src/deep'), { recursive: true })
for (const file of ['src/b.ts', 'src/deep/a.ts']) writeFileSync(join(root, file), source)
writeFileSync(join(root, 'src/words.md'), source)
afterAll(() => rmSync(root, { recursive: true }))

describe('what is mutated', () => {
  it('are functions and constants from the line on that they begin with', () => {
    expect(chunks(source)).toEqual([
      { from: 4, to: 5 },
      { from: 6, to: 9 }
    ])
    expect(chunks('')).toEqual([])
  })

  it('is all of the files, or a share of their parts that one seed draws alike', () => {
    expect(targets(root, ['src'], { share: 1, seed: 1 })).toEqual(['src/b.ts', 'src/deep/a.ts'])
    const half = targets(root, ['src'], { share: 0.5, seed: 1 })
    expect(half).toHaveLength(2)
    for (const one of half) expect(one).toMatch(/^src\/(b|deep\/a)\.ts:(4-5|6-9)$/)
    expect(targets(root, ['src'], { share: 0.5, seed: 1 })).toEqual(half)
    const seeds = Array.from({ length: 20 }, (_, seed) => targets(root, ['src'], { share: 0.5, seed }).join())
    expect(new Set(seeds).size).toBeGreaterThan(1)
  })
})
