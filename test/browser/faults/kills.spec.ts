/** Kills at random moments, as `npm run kills` makes many of them. */
import { expect } from '@playwright/test'
import { seeded } from '../../../src/math/random'
import { killTabs } from '../../kills/tab'
import { test } from '../fake-site'

test('a study whose tabs are killed loses no cell, and ends with the same bundle', async ({ browser, fakeUrl }) => {
  test.setTimeout(600_000)
  const said: string[] = []
  const kills = await killTabs(browser, fakeUrl, 3, seeded(3), (sentence) => void said.push(sentence))
  expect(kills, said.join('; ')).toMatchObject({ killed: 3, resumed: 3, lost: 0, differing: 0 })
})
