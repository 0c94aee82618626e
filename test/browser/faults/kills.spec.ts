/** Kills at random moments, as `npm run kills` makes many of them. */
import { expect } from '@playwright/test'
import { seeded } from '../../../src/math/random'
import { killTabs } from '../../kills/tab'
import { killWorkers } from '../../kills/worker'
import { test } from '../fake-site'

const said: string[] = []
const tell = (sentence: string): void => void said.push(sentence)

test('a study whose tabs are killed loses no cell, and ends with the same bundle', async ({ browser, fakeUrl }) => {
  test.setTimeout(600_000)
  const kills = await killTabs(browser, fakeUrl, 3, seeded(3), tell)
  expect(kills, said.join('; ')).toMatchObject({ killed: 3, resumed: 3, lost: 0, differing: 0 })
})

test('a study whose model workers end without a word does, too', async ({ browser, baseURL }) => {
  test.setTimeout(600_000)
  const kills = await killWorkers(browser, baseURL ?? '', 2, seeded(3), tell)
  expect(kills, said.join('; ')).toMatchObject({ killed: 2, lost: 0, differing: 0 })
})
