/** Finds a Chromium for the browser tests. `node scripts/browser.mjs` prints its path. */
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Headless, with WebGPU on the processor where there is no GPU, and without traffic of its own. */
export const browserFlags = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  // AZIMUTH_GPU=1: the machine's own GPU.
  ...(process.env['AZIMUTH_GPU'] ? [] : ['--use-webgpu-adapter=swiftshader']),
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

export const howToGetOne = [
  'The browser tests need a Chromium or Chrome, and none was found.',
  'Install one (apt-get install chromium, or npx playwright install chromium), or set CHROME_PATH to its program.'
].join('\n')

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']

/**
 * Path of a browser, or null: CHROME_PATH, the search path, the usual places, Playwright's own.
 * @returns {Promise<string | null>}
 */
export async function findBrowser() {
  const given = process.env['CHROME_PATH']
  if (given) return existsSync(given) ? given : null
  return [...onPath(), ...usualPlaces(), ...(await playwrightsOwn())].find((path) => existsSync(path)) ?? null
}

function onPath() {
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)
  if (process.platform === 'win32') return []
  return names.flatMap((name) => folders.map((folder) => join(folder, name)))
}

function usualPlaces() {
  const { env, platform } = process
  if (platform === 'darwin') {
    const apps = ['Google Chrome', 'Chromium', 'Google Chrome for Testing']
    return ['/', homedir()].flatMap((top) =>
      apps.map((app) => join(top, 'Applications', `${app}.app`, 'Contents', 'MacOS', app))
    )
  }
  if (platform === 'win32') {
    const tops = [env['PROGRAMFILES'], env['PROGRAMFILES(X86)'], env['LOCALAPPDATA']]
    return tops.flatMap((top) =>
      top ? ['Google/Chrome', 'Chromium'].map((app) => join(top, app, 'Application', 'chrome.exe')) : []
    )
  }
  return ['/opt/google/chrome/chrome', '/usr/lib/chromium/chromium', '/snap/bin/chromium']
}

/** @returns {Promise<string[]>} */
async function playwrightsOwn() {
  try {
    const { chromium } = await import('@playwright/test')
    return [chromium.executablePath()]
  } catch {
    return []
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const path = await findBrowser()
  console.log(path ?? howToGetOne)
  process.exitCode = path ? 0 : 1
}
