/**
 * `npm test [-- types lint unit browser webgpu companion]`: installs, then checks everything but the companion, whose tests need
 * PyTorch, and WebGPU in Node, which needs a graphics driver: both are run by name. The browser tests need a real model, which `scripts/smollm2.mjs` makes first. The last line is `N passed, N failed`, the sum of unit and browser tests; a failed
 * step that counts no tests counts as one failure.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findBrowser, howToGetOne } from './browser.mjs'
import { pythonWith } from './python.mjs'
import { at, ensureInstalled, fail, run, runTool } from './run.mjs'

/** @typedef {{ passed: number, failed: number }} Count */

const reports = mkdtempSync(join(tmpdir(), 'azimuth-test-'))
const unitReport = join(reports, 'unit.json')
const browserReport = join(reports, 'browser.json')
const webgpuReport = join(reports, 'webgpu.json')
const companionReport = join(reports, 'companion.xml')

/** @type {Record<string, () => Promise<Count>>} */
const steps = {
  types: () =>
    all(
      () => runTool('typescript/bin/tsc', ['-p', 'tsconfig.json']),
      () => runTool('typescript/bin/tsc', ['-p', 'tsconfig.worker.json']),
      () =>
        runTool('svelte-check/bin/svelte-check', [
          '--tsconfig',
          './tsconfig.json',
          '--output',
          'human',
          '--fail-on-warnings'
        ])
    ),
  lint: () =>
    all(
      () => runTool('eslint/bin/eslint.js', ['.', '--max-warnings', '0']),
      () => runTool('prettier/bin/prettier.cjs', ['--check', '--log-level', 'warn', '.'])
    ),
  unit: async () => {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`]
    const status = await runTool('vitest/vitest.mjs', ['run', ...reporters])
    return counted(status, unitReport, (text) => {
      const { numPassedTests, numFailedTests } = JSON.parse(text)
      return { passed: numPassedTests, failed: numFailedTests }
    })
  },
  browser: async () => {
    const built = await all(() => runTool('vite/bin/vite.js', ['build', '--logLevel', 'warn']))
    if (built.failed > 0) return built
    // Made once, with Python. Where that fails, the line above says why, and the tests of the real model fail, too.
    await run(process.execPath, [at('scripts', 'smollm2.mjs')])
    const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: browserReport }
    const status = await runTool('@playwright/test/cli.js', ['test', '--reporter=list,json'], { env })
    return counted(status, browserReport, (text) => {
      const { stats, errors } = JSON.parse(text)
      return { passed: stats.expected + stats.flaky, failed: stats.unexpected + errors.length }
    })
  },
  webgpu: async () => {
    const env = { XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? tmpdir() }
    const status = await runTool('tsx/dist/cli.mjs', [at('scripts', 'webgpu.ts'), '--report', webgpuReport], { env })
    return counted(status, webgpuReport, (text) => JSON.parse(text))
  },
  companion: async () => {
    const python = await pythonWith(at('companion', 'requirements.lock'), 'about 1.5 GB')
    const status = await run(python, ['-m', 'pytest', '-q', at('companion'), `--junitxml=${companionReport}`])
    return counted(status, companionReport, (text) => {
      const count = (/** @type {string} */ name) => Number(new RegExp(`${name}="(\\d+)"`).exec(text)?.[1] ?? 0)
      const failed = count('failures') + count('errors')
      return { passed: count('tests') - count('skipped') - failed, failed }
    })
  }
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !Object.hasOwn(steps, name))
if (unknown !== undefined) fail(`There is no step ${unknown}: npm test [-- ${Object.keys(steps).join(' ')}]`)
const chosen = names.length > 0 ? names : Object.keys(steps).filter((name) => name !== 'companion' && name !== 'webgpu')

await ensureInstalled()
if (chosen.includes('browser') && !(await findBrowser())) fail(howToGetOne)

const total = { passed: 0, failed: 0 }
/** @type {string[]} */
const times = []
for (const [name, step] of Object.entries(steps)) {
  if (!chosen.includes(name)) continue
  console.log(`\n== ${name}`)
  const begun = Date.now()
  const { passed, failed } = await step()
  total.passed += passed
  total.failed += failed
  times.push(`${failed === 0 ? 'ok    ' : 'FAILED'}  ${name.padEnd(8)} ${((Date.now() - begun) / 1000).toFixed(1)} s`)
}
rmSync(reports, { recursive: true, force: true })
console.log(`\n${times.join('\n')}\n`)
console.log(`${total.passed} passed, ${total.failed} failed`)
process.exitCode = total.failed === 0 ? 0 : 1

/**
 * Runs commands that count no tests, each of them, also after a failure; a failure counts as one.
 * @param {(() => Promise<number>)[]} commands
 * @returns {Promise<Count>}
 */
async function all(...commands) {
  let failed = 0
  for (const command of commands) if ((await command()) !== 0) failed++
  return { passed: 0, failed }
}

/**
 * The counts of a report; a run that ends badly has at least one failure.
 * @param {number} status
 * @param {string} file
 * @param {(text: string) => Count} read
 * @returns {Count}
 */
function counted(status, file, read) {
  try {
    const { passed, failed } = read(readFileSync(file, 'utf8'))
    return { passed, failed: status === 0 ? failed : Math.max(1, failed) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}
