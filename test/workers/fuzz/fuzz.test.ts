/** Every reader of what strangers make, on 2,000 damaged files each (fewer where a file takes long). `npm run fuzz` does the same for as long as one likes. */
import { describe, expect, it } from 'vitest'
import { fuzz, type Trouble } from './fuzz'
import { readers } from './readers'

const n = 2000

describe(`${n} damaged files`, () => {
  it.each(Object.entries(readers))('%s', async (_, reader) => {
    for (const seed of await reader.seeds()) await reader.read(seed)
    const troubles: Trouble[] = []
    const count = reader.isSlow ? n / 20 : n
    const counts = await fuzz(reader, { n: count, seed: 1, onTrouble: (trouble) => troubles.push(trouble) })
    expect(troubles.map(({ kind, index, what }) => `${kind} ${index}: ${what}`)).toEqual([])
    // Changes that are all refused, or none, would show nothing.
    expect(counts.tried).toBe(count)
    expect(counts.ok + counts.typed).toBe(count)
    expect(counts.ok < count || counts.typed < count).toBe(true)
  })
})
