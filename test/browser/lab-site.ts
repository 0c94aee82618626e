/** A page with the lab's modules and no interface, bundled and served as the built site is. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test as base } from '@playwright/test'
import { build } from 'vite'
import { serve } from '../../scripts/serve.mjs'

const root = resolve(import.meta.dirname, '../..')

/** `labUrl`: the page's address. Its site also has `/test/fixtures` and, below `/models`, the repository's models. */
export const test = base.extend<object, { labUrl: string }>({
  labUrl: [
    async ({}, use) => {
      const folder = mkdtempSync(join(tmpdir(), 'azimuth-lab-'))
      await build({
        root,
        logLevel: 'error',
        build: { outDir: folder, rolldownOptions: { input: join(root, 'test/browser/lab.html') } }
      })
      symlinkSync(join(root, 'test/fixtures'), join(folder, 'test/fixtures'), 'junction')
      const site = await serve({ root: folder, models: [join(root, 'models')] })
      await use(`${site.url}test/browser/lab.html`)
      await site.close()
      rmSync(folder, { recursive: true, force: true })
    },
    { scope: 'worker', timeout: 300_000 }
  ]
})
