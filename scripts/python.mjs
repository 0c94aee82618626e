/** Python environments for what is not JavaScript, made once each and shared by all clones. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fail, output, run } from './run.mjs'

const isWindows = process.platform === 'win32'

/** Folder of what takes long to make: AZIMUTH_CACHE, default $XDG_CACHE_HOME/azimuth or ~/.cache/azimuth. */
export const cache =
  process.env['AZIMUTH_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'azimuth')

/**
 * Path of a Python that has what a requirements file names.
 * @param {string} requirements path of the file
 * @param {string} size what it takes on the disk, in words
 */
export async function pythonWith(requirements, size) {
  const folder = join(cache, `python-${hash(readFileSync(requirements))}`)
  const python = join(folder, isWindows ? 'Scripts/python.exe' : 'bin/python')
  const mark = join(folder, 'installed')
  if (existsSync(mark)) return python
  const base = findPython()
  if (!base)
    fail('This needs Python 3.11 or newer (with venv), and none was found: see https://www.python.org/downloads')
  console.log(`Making a Python environment (once, ${size}) ...`)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(cache, { recursive: true })
  if ((await run(base, ['-m', 'venv', folder])) !== 0) {
    fail('Python could not make an environment: on Debian and Ubuntu, apt-get install python3-venv')
  }
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements]
  if ((await run(python, install)) !== 0) fail('pip could not install what the script needs: is PyPI reachable?')
  mkdirSync(mark)
  return python
}

/** The first Python that is new enough. */
function findPython() {
  const newest = ['3.14', '3.13', '3.12', '3.11'].map((version) => `python${version}`)
  const check = 'import sys, venv; assert sys.version_info >= (3, 11); print(sys.executable)'
  const commands = [process.env['PYTHON'] ?? '', 'python3', 'python', ...newest].filter(Boolean)
  for (const command of commands) {
    const path = output(command, ['-c', check])
    if (path) return path
  }
  return null
}

/** @param {Buffer} bytes */
export function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 10)
}
