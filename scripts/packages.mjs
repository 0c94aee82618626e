/**
 * `npm run packages`: what is locked, with licences; which packages want to run a program when they are installed; and what
 * `npm audit` knows of them, where a registry answers. Exit status 1 for a licence that is not known, an install script that
 * nobody has looked at, or a known weakness that is high or critical.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @typedef {object} Locked
 * @property {string} name
 * @property {string} version
 * @property {string} licence `none` where the package states none
 * @property {boolean} runs whether it has an install script
 * @property {boolean} dev whether it is needed for the tests and the build only
 */

/** Licences that go with the project's own, in SPDX's names. */
export const licences = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC-BY-4.0',
  'CC0-1.0',
  'ISC',
  'LGPL-3.0-or-later',
  'MIT',
  'MIT-0',
  'MPL-2.0',
  'OFL-1.1',
  'Python-2.0',
  'Unlicense'
])

/** Install scripts that were looked at, and what they do. None is needed; `.npmrc` skips the download. */
export const knownScripts = new Map([
  ['esbuild', 'checks its program, and fetches it where npm left it out'],
  ['onnxruntime-node', 'downloads CUDA, which .npmrc skips'],
  ['protobufjs', 'warns about versions']
])

/**
 * The packages of a lock file, by name and version.
 * @param {string} root folder of the project
 * @returns {Locked[]}
 */
export function lockedPackages(root) {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  /** @type {Locked[]} */
  const all = []
  for (const [path, entry] of Object.entries(lock.packages)) {
    if (path === '') continue
    const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
    const { version = '', hasInstallScript = false, dev = false } = entry
    all.push({ name, version, licence: licenceOf(root, path, entry), runs: hasInstallScript, dev })
  }
  return all.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * As the lock file has it, else as the installed package states it.
 * @param {string} root
 * @param {string} path
 * @param {{ license?: string }} entry
 */
function licenceOf(root, path, entry) {
  if (entry.license) return entry.license
  const { license, licenses } = JSON.parse(textOf(join(root, path, 'package.json')) || '{}')
  const stated = license ?? licenses?.[0]
  if (stated !== undefined) return typeof stated === 'string' ? stated : (stated.type ?? 'none')
  return /^(The )?MIT License/.test(textOf(join(root, path, 'LICENSE'))) ? 'MIT' : 'none'
}

/**
 * Empty where there is no such file.
 * @param {string} path
 */
function textOf(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

/**
 * Whether a licence is one of those above, or offers one: `(MIT OR GPL-3.0)`; of several that hold together, all are.
 * @param {string} licence
 */
export function isKnownLicence(licence) {
  const parts = licence.replace(/[()]/g, '').split(/ OR /)
  return parts.some((part) => part.split(/ AND /).every((one) => licences.has(one.trim())))
}

/** @param {Locked[]} packages */
function print(packages) {
  for (const { name, version, licence, dev } of packages)
    console.log(`${`${name}@${version}`.padEnd(56)} ${licence}${dev ? '  (development)' : ''}`)
  console.log('\nPackages with a script that would run when they are installed:')
  for (const { name, version } of packages.filter(({ runs }) => runs))
    console.log(`  ${name}@${version}: ${knownScripts.get(name) ?? 'not looked at yet'}`)
}

/** What the registry knows of weaknesses, printed. Resolves to whether any is high or critical. */
function audit() {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const options = { encoding: /** @type {const} */ ('utf8'), shell: process.platform === 'win32' }
  const { stdout } = spawnSync(npm, ['audit', '--json'], options)
  try {
    const counts = JSON.parse(stdout).metadata.vulnerabilities
    console.log(`\nnpm audit: ${JSON.stringify(counts)}`)
    return counts.high + counts.critical > 0
  } catch {
    console.log('\nnpm audit: no registry answered, so known weaknesses were not looked up')
    return false
  }
}

function main() {
  const packages = lockedPackages(fileURLToPath(new URL('..', import.meta.url)))
  print(packages)
  const odd = packages.filter(({ licence }) => !isKnownLicence(licence))
  const unseen = packages.filter(({ name, runs }) => runs && !knownScripts.has(name))
  for (const { name, licence } of odd) console.log(`not among the known licences: ${name}, ${licence}`)
  for (const { name } of unseen) console.log(`an install script that nobody has looked at: ${name}`)
  const weak = audit()
  process.exitCode = odd.length + unseen.length > 0 || weak ? 1 : 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main()
