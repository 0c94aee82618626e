/** The page on the fake lab, built and served as the real one is. */
import { test as base } from '@playwright/test'
import { withFakeSite } from './fake-build'

/** `fakeUrl`: the page's address; it takes the settings of `fake.ts`. The prompt sets that come with the page are there. */
export const test = base.extend<object, { fakeUrl: string }>({
  fakeUrl: [async ({}, use) => withFakeSite(use), { scope: 'worker', timeout: 600_000 }]
})
