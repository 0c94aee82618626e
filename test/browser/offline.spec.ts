import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from '@playwright/test'
import { serve } from '../../scripts/serve.mjs'

/** A host for static files that sends no headers of its own, with the page in a folder. */
function plainHost(root = 'dist'): ReturnType<typeof serve> {
  return serve({ root, base: '/some/folder/', headers: {} })
}

test.use({ serviceWorkers: 'allow' })

test('a host that sets no headers gives a page with threads, and without a network the page still opens', async ({
  page
}) => {
  const host = await plainHost()
  let isUp = true
  try {
    await page.goto(host.url)
    await page.waitForFunction(() => crossOriginIsolated)
    await expect(page.locator('#app')).not.toBeEmpty()
    // The page asks its service worker to keep everything; wait until it has.
    await expect.poll(() => page.evaluate(missingFiles)).toEqual([])

    await host.close()
    isUp = false
    await page.reload()
    expect(await page.evaluate(() => crossOriginIsolated)).toBe(true)
    await expect(page.locator('#app')).not.toBeEmpty()
    expect(await page.evaluate(readKept)).toEqual([])
  } finally {
    if (isUp) await host.close()
  }
})

test('the tour runs without a network: the organisms come along', async ({ page }) => {
  const host = await plainHost()
  let isUp = true
  try {
    await page.goto(`${host.url}#/tour?step=3&device=wasm`)
    await page.waitForFunction(() => crossOriginIsolated)
    await expect.poll(() => page.evaluate(missingFiles)).toEqual([])
    await host.close()
    isUp = false
    await page.reload()
    await page.getByRole('button', { name: /^Open qwen2/ }).click()
    await expect(page.locator('.reading')).toContainText('Without steering')
  } finally {
    if (isUp) await host.close()
  }
})

test('a second visit reloads nothing', async ({ page }) => {
  const host = await plainHost()
  try {
    await page.goto(host.url)
    await page.waitForFunction(() => crossOriginIsolated)
    await expect(page.locator('#app')).not.toBeEmpty()
    let loads = 0
    page.on('domcontentloaded', () => loads++)
    await page.goto(host.url)
    await expect(page.locator('#app')).not.toBeEmpty()
    await page.waitForLoadState('networkidle')
    expect(loads).toBe(1)
  } finally {
    await host.close()
  }
})

test('a new version shows at the next visit', async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), 'azimuth-version-'))
  cpSync('dist', folder, { recursive: true })
  const host = await plainHost(folder)
  try {
    await page.goto(host.url)
    await page.waitForFunction(() => crossOriginIsolated)
    replaceIn(join(folder, 'index.html'), '<html ', '<html data-version="next" ')
    replaceIn(join(folder, 'service-worker.js'), /[0-9a-f]{12}/, 'a'.repeat(12))
    await page.goto(host.url)
    await expect(page.locator('html')).toHaveAttribute('data-version', 'next')
    await expect(page.locator('#app')).not.toBeEmpty()
  } finally {
    await host.close()
    rmSync(folder, { recursive: true, force: true })
  }
})

test.describe('without service workers', () => {
  test.use({ serviceWorkers: 'block' })

  test('the page opens on such a host, too, without threads', async ({ page }) => {
    const host = await plainHost()
    try {
      await page.goto(host.url)
      await expect(page.locator('#app')).not.toBeEmpty()
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(false)
    } finally {
      await host.close()
    }
  })
})

function replaceIn(file: string, what: string | RegExp, by: string): void {
  const text = readFileSync(file, 'utf8')
  expect(text).toMatch(what)
  writeFileSync(file, text.replace(what, by))
}

/** Files of the build's list that are in no cache. */
async function missingFiles(): Promise<readonly string[]> {
  const script = await (await fetch('service-worker.js')).text()
  const list = /\[\["[\s\S]*?"\]\]/.exec(script)?.[0] ?? '[]'
  const paths = (JSON.parse(list) as [string, string][]).map(([path]) => path)
  const kept = await Promise.all(paths.map((path) => caches.match(new URL(path, document.baseURI))))
  return paths.length === 0 ? ['no list'] : paths.filter((_, index) => !kept[index])
}

/** Runtime files that cannot be fetched. */
async function readKept(): Promise<readonly string[]> {
  const name = (await caches.keys()).find((each) => each.startsWith('azimuth-')) ?? ''
  const requests = await (await caches.open(name)).keys()
  const urls = requests.map(({ url }) => url)
  const answers = await Promise.all(urls.map((url) => fetch(url).then((response) => response.ok)))
  return urls.filter((_, index) => !answers[index])
}
