/** Kills at random moments, as `npm run kills` makes many of them. */
import { expect, it } from 'vitest'
import { seeded } from '../../src/math/random'
import { killNode } from '../kills/node'

it('a study that is killed loses no cell, and ends with the same bundle', { timeout: 600_000 }, async () => {
  const said: string[] = []
  const kills = await killNode(3, seeded(3), (sentence) => void said.push(sentence))
  expect(kills, said.join('; ')).toMatchObject({ killed: 3, resumed: 3, lost: 0, differing: 0 })
})
