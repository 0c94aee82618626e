/** Builds the page on the fake lab, and serves it as the real one is. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { build } from 'vite'
import { serve } from '../../scripts/serve.mjs'

const root = resolve(import.meta.dirname, '../..')

/** `work` gets the page's address, which takes the settings of `fake.ts`. The prompt sets that come with the page are there. */
export async function withFakeSite<T>(work: (url: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'azimuth-fake-'))
  const input = join(root, 'test/browser/fake.html')
  await build({ root, logLevel: 'error', build: { outDir: folder, rolldownOptions: { input } } })
  symlinkSync(join(root, 'public/models'), join(folder, 'test/browser/models'), 'junction')
  const site = await serve({ root: folder })
  try {
    return await work(`${site.url}test/browser/fake.html`)
  } finally {
    await site.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
