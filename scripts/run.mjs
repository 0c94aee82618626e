/** What the commands share: where the repository is, how to start a program, how to install. Node built-ins only. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { join } from 'node:path'

/** The repository's folder. */
export const root = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')

/**
 * A path inside the repository.
 * @param {string[]} parts
 */
export const at = (...parts) => join(root, ...parts)

/**
 * Runs a program in the repository's folder, its output in this terminal; resolves to its exit status.
 * @param {string} command
 * @param {string[]} args
 * @param {{ env?: Record<string, string> }} [options]
 * @returns {Promise<number>}
 */
export function run(command, args, { env = {} } = {}) {
  const child = spawn(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

/**
 * Runs a command-line program of an installed package, without a shell.
 * @param {string} file its script, below node_modules
 * @param {string[]} args
 * @param {{ env?: Record<string, string> }} [options]
 */
export const runTool = (file, args, options) => run(process.execPath, [at('node_modules', file), ...args], options)

/**
 * The output of a program, or null when it is missing or fails.
 * @param {string} command
 * @param {string[]} args
 */
export function output(command, args) {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  return status === 0 ? stdout.trim() : null
}

/**
 * One line for the person, then the end.
 * @param {string} message
 * @returns {never}
 */
export function fail(message) {
  console.error(message)
  process.exit(1)
}

/** Stops with one line where Node is older than package.json asks. */
export function requireNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isNewEnough = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)
  if (!isNewEnough)
    fail(`Azimuth needs Node 20.19, 22.12 or newer; this is ${process.versions.node}. See https://nodejs.org`)
}

/** `npm ci`, unless node_modules already is what the lock file says. */
export async function ensureInstalled() {
  requireNode()
  if (isInstalled()) return
  console.log('Installing packages (once, about 500 MB) ...')
  const npm = process.env['npm_execpath']
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error']
  const status = npm?.endsWith('.js')
    ? await run(process.execPath, [npm, ...args])
    : process.platform === 'win32'
      ? await run('cmd.exe', ['/c', 'npm', ...args])
      : await run('npm', args)
  if (status !== 0) fail('npm ci failed: is the npm registry reachable, and is there 1 GB of space?')
}

/** Compares the lock file with npm's own note of what lies in node_modules. */
function isInstalled() {
  const note = at('node_modules', '.package-lock.json')
  if (!existsSync(note)) return false
  const wanted = readPackages(at('package-lock.json'))
  const present = readPackages(note)
  return Object.entries(wanted).every(([path, { version, optional }]) => {
    if (path === '') return true
    const found = present[path]
    return found ? found.version === version : optional === true
  })
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }>}
 */
function readPackages(file) {
  return JSON.parse(readFileSync(file, 'utf8')).packages
}
