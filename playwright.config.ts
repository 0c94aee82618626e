import { defineConfig } from '@playwright/test'
import { browserFlags, findBrowser } from './scripts/browser.mjs'

const executablePath = await findBrowser()
/** Another one, where two checkouts are tested side by side. */
const port = Number(process.env['AZIMUTH_TEST_PORT'] ?? 4187)
/** `performance.measureUserAgentSpecificMemory` answers at once, and not after some garbage collection to come. */
const measureNow = '--enable-blink-features=ForceEagerMeasureMemory'

export default defineConfig({
  testDir: 'test/browser',
  // One at a time: each opens models, and threads of one are the cores of another.
  workers: 1,
  // Guards against hanging, not measures of speed: a busy machine takes many times as long as an idle one.
  timeout: 300_000,
  expect: { timeout: 120_000 },
  forbidOnly: Boolean(process.env['CI']),
  reporter: [['list']],
  use: {
    baseURL: `http://127.0.0.1:${port}/`,
    // Playwright sees no request of a page that a service worker answers, so only the offline test allows one.
    serviceWorkers: 'block',
    launchOptions: { args: [...browserFlags, measureNow], ...(executablePath && { executablePath }) }
  },
  webServer: {
    command: `node scripts/serve.mjs --port ${port}`,
    url: `http://127.0.0.1:${port}/`,
    reuseExistingServer: false
  }
})
