/** The page on the fake lab, built and served as the real one is. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test as base } from '@playwright/test'
import { build } from 'vite'
import { serve } from '../../scripts/serve.mjs'

const root = resolve(import.meta.dirname, '../..')

/** `fakeUrl`: the page's address; it takes the settings of `fake.ts`. The prompt sets that come with the page are there. */
export const test = base.extend<object, { fakeUrl: string }>({
  fakeUrl: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'azimuth-fake-'))
      const input = join(root, 'test/browser/fake.html')
      await build({ root, logLevel: 'error', build: { outDir: folder, rolldownOptions: { input } } })
      symlinkSync(join(root, 'public/models'), join(folder, 'test/browser/models'), 'junction')
      const site = await serve({ root: folder })
      await use(`${site.url}test/browser/fake.html`)
      await site.close()
      rmSync(folder, { recursive: true, force: true })
    },
    // A guard against hanging: on a busy machine the build takes minutes.
    { scope: 'worker', timeout: 600_000 }
  ]
})
