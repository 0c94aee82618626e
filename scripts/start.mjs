/** `npm start [-- --port N] [--no-open]`: installs, builds and serves the lab, whatever of that is needed. */
import { spawn } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { at, ensureInstalled, fail, runTool } from './run.mjs'

const defaultPort = 4173
const sources = ['src', 'workers', 'public', 'scripts', 'index.html', 'vite.config.ts', 'package-lock.json']

const { port, open } = readArguments()
await ensureInstalled()
if (isOlder(at('dist', 'service-worker.js'))) {
  console.log('Building ...')
  const status = await runTool('vite/bin/vite.js', ['build', '--logLevel', 'warn'])
  if (status !== 0) fail('The build failed: see above.')
}
const url = await start(port)
console.log(`\n  Azimuth is at ${url}\n  Stop with Ctrl+C.\n`)
if (open) openBrowser(url)

function readArguments() {
  try {
    const { values } = parseArgs({ options: { port: { type: 'string' }, 'no-open': { type: 'boolean' } } })
    const number = Number(values.port ?? defaultPort)
    if (!Number.isInteger(number) || number < 0 || number > 65535)
      fail(`--port takes a number up to 65535, not ${values.port}`)
    const isPerson = process.stdout.isTTY && !process.env['CI']
    return { port: number, open: isPerson && !values['no-open'] }
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\nnpm start [-- --port N] [--no-open]`)
  }
}

/**
 * True when the build is missing or older than a source.
 * @param {string} built
 */
function isOlder(built) {
  const made = statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0
  return sources.some((source) => newest(at(source)) > made)
}

/**
 * The latest change in a file or folder, 0 where there is none.
 * @param {string} path
 * @returns {number}
 */
function newest(path) {
  const stats = statSync(path, { throwIfNoEntry: false })
  if (!stats?.isDirectory()) return stats?.mtimeMs ?? 0
  return Math.max(stats.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))))
}

/**
 * Serves on this port, or on the next one that is free.
 * @param {number} first
 */
async function start(first) {
  const { serve } = await import('./serve.mjs')
  for (let port = first; port < first + 20; port++) {
    try {
      const site = await serve({ root: at('dist'), models: [at('models')], port })
      return site.url
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : ''
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    }
  }
  return fail(`Ports ${first} to ${first + 19} are taken: choose another with npm start -- --port N`)
}

/**
 * Shows the page; the printed address is the way where this fails.
 * @param {string} address
 */
function openBrowser(address) {
  /** @type {Record<string, [string, string[]]>} */
  const openers = { darwin: ['open', [address]], win32: ['cmd', ['/c', 'start', '', address]] }
  const [command, args] = openers[process.platform] ?? ['xdg-open', [address]]
  const child = spawn(command, args, { stdio: 'ignore', detached: true })
  child.once('error', () => console.log('  No browser could be started: open the address yourself.'))
  child.unref()
}
