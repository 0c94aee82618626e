/** Which models lie in a folder: what `models/index.json` says. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @typedef {{ path: string, size: number }} ModelFile
 * @typedef {{ name: string, title?: string, dtypes: string[], bytes: number, adapters?: string[], files: ModelFile[] }} ModelEntry
 */

/** File of each dtype, as the hub names them, the one to open first on top. */
const graphs = {
  q4: 'model_q4',
  q4f16: 'model_q4f16',
  q8: 'model_quantized',
  fp16: 'model_fp16',
  fp32: 'model'
}
/** A graph's file with its weights: `onnx/model_q4.onnx`, `.onnx_data`, `.onnx_data_1`. Groups: the part, the suffix. */
const graphFile = /^onnx\/(?:decoder_model_merged|embed_tokens|model)(_[a-z0-9]+)?\.onnx(?:[._]data(?:_\d+)?)?$/
/** An adapter beside its base: `adapters/insecure-0/adapter_config.json`. Groups: its name, the file. */
const adapterFile = /^adapters\/([^/]+)\/(.+)$/

/**
 * The models below several folders, by name; where two folders have the same name, the first one's.
 * @param {string[]} folders
 * @returns {Promise<ModelEntry[]>}
 */
export async function listModels(folders) {
  /** @type {Map<string, ModelEntry>} */
  const found = new Map()
  for (const folder of folders) {
    for (const name of await modelNames(folder, '')) {
      if (found.has(name)) continue
      const files = await listFiles(join(folder, name), '')
      found.set(name, describe(name, files, await titleOf(join(folder, name))))
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Folders with a config.json, at most two levels down.
 * @param {string} root
 * @param {string} below
 * @returns {Promise<string[]>}
 */
async function modelNames(root, below) {
  const names = []
  for (const entry of await entriesOf(join(root, below))) {
    if (!entry.folder) continue
    const name = below ? `${below}/${entry.name}` : entry.name
    const inside = await entriesOf(join(root, name))
    if (inside.some((file) => file.name === 'config.json')) names.push(name)
    else if (!below) names.push(...(await modelNames(root, name)))
  }
  return names
}

/**
 * @param {string} root
 * @param {string} below
 * @returns {Promise<ModelFile[]>}
 */
async function listFiles(root, below) {
  const files = []
  for (const entry of await entriesOf(join(root, below))) {
    const path = below ? `${below}/${entry.name}` : entry.name
    if (entry.folder) files.push(...(await listFiles(root, path)))
    else files.push({ path, size: entry.size })
  }
  return files
}

/**
 * Visible entries of a folder with links followed; none where there is no such folder.
 * @param {string} folder
 */
async function entriesOf(folder) {
  const names = await readdir(folder).catch(() => [])
  const entries = []
  for (const name of names.filter((each) => !each.startsWith('.')).sort()) {
    const stats = await stat(join(folder, name)).catch(() => null)
    if (stats) entries.push({ name, folder: stats.isDirectory(), size: stats.size })
  }
  return entries
}

/**
 * What the model's own meta.json calls it.
 * @param {string} folder
 * @returns {Promise<string | undefined>}
 */
async function titleOf(folder) {
  const text = await readFile(join(folder, 'meta.json'), 'utf8').catch(() => null)
  try {
    const title = text === null ? undefined : JSON.parse(text).title
    return typeof title === 'string' ? title : undefined
  } catch {
    return undefined
  }
}

/**
 * @param {string} name
 * @param {ModelFile[]} files
 * @param {string | undefined} title
 * @returns {ModelEntry}
 */
function describe(name, files, title) {
  const paths = new Set(files.map((file) => file.path))
  const suffixes = Object.entries(graphs).map(
    ([dtype, file]) => /** @type {const} */ ([dtype, file.slice('model'.length)])
  )
  const present = suffixes.filter(
    ([, suffix]) => paths.has(`onnx/model${suffix}.onnx`) || paths.has(`onnx/decoder_model_merged${suffix}.onnx`)
  )
  const first = present[0]?.[1] ?? ''
  const needed = files.filter(({ path }) => {
    const match = graphFile.exec(path)
    if (path === 'meta.json' || adapterFile.test(path)) return false
    return !match || (match[1] ?? '') === first
  })
  const adapters = files.flatMap(({ path }) => {
    const match = adapterFile.exec(path)
    return match?.[1] && match[2] === 'adapter_config.json' ? [match[1]] : []
  })
  return {
    name,
    ...(title !== undefined && { title }),
    dtypes: present.map(([dtype]) => dtype),
    bytes: needed.reduce((sum, file) => sum + file.size, 0),
    ...(adapters.length > 0 && { adapters }),
    files
  }
}
