/**
 * `npm run mutate -- [FOLDER ...] [--share S] [--seed N]`: changes one thing at a time in the code of a folder and runs the unit
 * tests that reach it; a change that no test notices has survived, and is printed. Folders are src/math, src/direction,
 * src/study/analysis, src/onnx and workers; without one, all. `--share 0.2` tries a fifth of the functions and constants, drawn
 * with the seed. Texts are not changed. coverage/mutation/ gets a report to read; docs/reliability.md has what was found.
 */
import { parseArgs } from 'node:util'
import { Stryker } from '@stryker-mutator/core'
import { targets } from './chunks.mjs'
import { folders } from './folders.mjs'
import { fail, root } from '../run.mjs'

/** @typedef {import('@stryker-mutator/api/core').MutantResult} Mutant */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { share: { type: 'string', default: '1' }, seed: { type: 'string', default: '1' } }
})
const share = Number(values.share)
const seed = Number(values.seed)
if (!(share > 0 && share <= 1)) fail(`--share takes a number above 0, up to 1, got ${values.share}`)
if (!Number.isInteger(seed)) fail(`--seed takes a whole number, got ${values.seed}`)
const unknown = positionals.find((name) => !Object.hasOwn(folders, name))
if (unknown !== undefined) fail(`There is no folder ${unknown}: npm run mutate -- [${Object.keys(folders).join(' ')}]`)
const chosen = Object.entries(folders).filter(([name]) => positionals.length === 0 || positionals.includes(name))

/** @type {string[]} */
const scores = []
for (const [name, { code }] of chosen)
  scores.push(scoreOf(name, await tried(name, targets(root, code, { share, seed }))))
console.log(`\n${scores.join('\n')}`)

/**
 * Every mutant of one folder, with what became of it.
 * @param {string} name
 * @param {string[]} mutate
 * @returns {Promise<Mutant[]>}
 */
async function tried(name, mutate) {
  // The tests' configuration reads which folder it is about.
  process.env['AZIMUTH_MUTATE'] = name
  const report = `coverage/mutation/${name.replaceAll('/', '-')}`
  return new Stryker({
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'scripts/tests/vitest.config.mjs', related: true },
    mutate,
    mutator: { plugins: [], excludedMutations: ['StringLiteral'] },
    coverageAnalysis: 'perTest',
    ignoreStatic: true,
    disableTypeChecks: false,
    concurrency: 1,
    // A change may make a loop endless; a busy machine takes long, too.
    timeoutMS: 30_000,
    dryRunTimeoutMinutes: 60,
    tempDirName: 'coverage/mutants',
    ignorePatterns: ['/coverage', '/dist', '/models', '/docs', '/bench', '/public/runs', '/public/adapters'],
    reporters: ['progress-append-only', 'clear-text', 'html', 'json'],
    clearTextReporter: { allowColor: false, allowEmojis: false, logTests: false, reportTests: false },
    htmlReporter: { fileName: `${report}.html` },
    jsonReporter: { fileName: `${report}.json` },
    allowConsoleColors: false
  }).runMutationTest()
}

/**
 * One line: the share of mutants that a test noticed, of those that it could have noticed.
 * @param {string} name
 * @param {Mutant[]} mutants
 */
function scoreOf(name, mutants) {
  const count = (/** @type {string[]} */ ...states) => mutants.filter(({ status }) => states.includes(status)).length
  const noticed = count('Killed', 'Timeout')
  const all = noticed + count('Survived', 'NoCoverage')
  return `${name.padEnd(20)} ${((100 * noticed) / all).toFixed(1)} % of ${all} mutants noticed; ${count('Survived')} survived, ${count('NoCoverage')} that no test reaches`
}
