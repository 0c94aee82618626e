/**
 * `npm run busy -- [--times N] [FILE ...]`: runs the unit and browser tests N times (5) while other processes keep every core
 * busy, and prints what failed in each run. A test that hangs on how fast a machine is fails here. With files, these alone:
 * `x.test.ts` in Node, `x.spec.ts` in the browser. Exit status 1 where anything failed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { fail, runTool } from './run.mjs'

/** @typedef {{ ran: number, failures: string[] }} Outcome of one run: how many tests ran, and the names of those that failed */
/** @typedef {{ title: string, ok: boolean }} Spec */
/** @typedef {{ specs?: Spec[], suites?: Suite[] }} Suite */

/**
 * What vitest's JSON report says.
 * @param {string} text
 * @returns {Outcome}
 */
export function unitOutcome(text) {
  /** @type {{ testResults: { name: string, status: string, assertionResults: { fullName: string, status: string }[] }[] }} */
  const { testResults } = JSON.parse(text)
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults)
  // A file that could not be read has no tests.
  const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0)
  const failed = tests.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
  const ran = tests.filter(({ status }) => status === 'passed').length + failed.length
  return { ran, failures: [...failed, ...broken.map(({ name }) => name)] }
}

/**
 * What Playwright's JSON report says.
 * @param {string} text
 * @returns {Outcome}
 */
export function browserOutcome(text) {
  const { suites, errors } = JSON.parse(text)
  const specs = suites.flatMap(specsOf)
  const failed = specs.filter((/** @type {Spec} */ { ok }) => !ok).map((/** @type {Spec} */ { title }) => title)
  return {
    ran: specs.length,
    failures: [...failed, ...errors.map((/** @type {{ message: string }} */ one) => one.message)]
  }
}

/**
 * @param {Suite} suite
 * @returns {Spec[]}
 */
function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)]
}

/**
 * Keeps every core busy until the function that it gives is called, or this process is gone.
 * @returns {() => void}
 */
function occupy() {
  const spin =
    'const parent = process.ppid; for (let i = 1; ; i++) if (i % 1e7 === 0 && process.ppid !== parent) process.exit()'
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', spin], { stdio: 'ignore' })
  )
  return () => {
    for (const child of children) child.kill()
  }
}

/**
 * One run of the tests of one kind. A run without a report is a failure.
 * @param {string} tool
 * @param {string[]} args
 * @param {{ report: string, read: (text: string) => Outcome, env?: Record<string, string> }} how
 * @returns {Promise<Outcome>}
 */
async function once(tool, args, { report, read, env = {} }) {
  rmSync(report, { force: true })
  const status = await runTool(tool, args, { env })
  try {
    const outcome = read(readFileSync(report, 'utf8'))
    const silent = status !== 0 && outcome.failures.length === 0
    return silent ? { ...outcome, failures: [`${tool} ended with status ${status}`] } : outcome
  } catch {
    return { ran: 0, failures: [`${tool} ended with status ${status} and left no report`] }
  }
}

/**
 * All kinds that the files are of; all tests without files.
 * @param {string[]} files
 * @param {string} folder for reports
 * @returns {Promise<Outcome>}
 */
async function all(files, folder) {
  const units = files.filter((file) => file.endsWith('.test.ts'))
  const specs = files.filter((file) => file.endsWith('.spec.ts'))
  const unit = join(folder, 'unit.json')
  const browser = join(folder, 'browser.json')
  /** @type {Outcome[]} */
  const outcomes = []
  if (files.length === 0 || units.length > 0) {
    const args = ['run', ...units, '--reporter=default', '--reporter=json', `--outputFile.json=${unit}`]
    outcomes.push(await once('vitest/vitest.mjs', args, { report: unit, read: unitOutcome }))
  }
  if (files.length === 0 || specs.length > 0) {
    const env = { PLAYWRIGHT_JSON_OUTPUT_NAME: browser }
    const args = ['test', ...specs, '--reporter=list,json']
    outcomes.push(await once('@playwright/test/cli.js', args, { report: browser, read: browserOutcome, env }))
  }
  return {
    ran: outcomes.reduce((sum, { ran }) => sum + ran, 0),
    failures: outcomes.flatMap(({ failures }) => failures)
  }
}

async function main() {
  const { values, positionals: files } = parseArgs({
    allowPositionals: true,
    options: { times: { type: 'string', default: '5' } }
  })
  const times = Number(values.times)
  if (!Number.isInteger(times) || times < 1) fail(`--times takes a whole number from 1 up, got ${values.times}`)
  const odd = files.find((file) => !/\.(test|spec)\.ts$/.test(file))
  if (odd !== undefined) fail(`${odd} is no test: name files that end in .test.ts or .spec.ts`)
  // Built before the cores are busy: only tests are tried.
  const needsPage = files.length === 0 || files.some((file) => file.endsWith('.spec.ts'))
  if (needsPage && (await runTool('vite/bin/vite.js', ['build', '--logLevel', 'warn'])) !== 0) fail('the build failed')
  const folder = mkdtempSync(join(tmpdir(), 'azimuth-busy-'))
  const free = occupy()
  /** @type {Outcome[]} */
  const runs = []
  try {
    for (let run = 0; run < times; run++) runs.push(await all(files, folder))
  } finally {
    free()
    rmSync(folder, { recursive: true, force: true })
  }
  runs.forEach(({ ran, failures }, run) => {
    console.log(
      `run ${run + 1}: ${ran} ran, ${failures.length} failed${failures.map((name) => `\n  ${name}`).join('')}`
    )
  })
  process.exitCode = runs.every(({ ran, failures }) => ran > 0 && failures.length === 0) ? 0 : 1
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main()
