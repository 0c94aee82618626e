/** Which models and adapters lie in a folder: what `models/index.json` and `adapters/index.json` say. */
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * @typedef {{ path: string, size: number }} ModelFile
 * @typedef {{ path: string, name: string, base: string | null, bytes: number }} AdapterEntry
 * @typedef {{ name: string, title?: string, organism?: boolean, dtypes: string[], bytes: number, files: ModelFile[] }} ModelEntry
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
      const entry = describe(name, await listFiles(join(folder, name), ''))
      found.set(name, { ...(await readMeta(join(folder, name))), ...entry })
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * The LoRA adapters in a folder's `adapters/`, with the base that each names.
 * @param {string} root
 * @returns {Promise<AdapterEntry[]>}
 */
export async function listAdapters(root) {
  const found = []
  for (const { name } of await entriesOf(join(root, 'adapters'))) {
    const path = `adapters/${name}`
    const config = await readFile(join(root, path, 'adapter_config.json'), 'utf8').catch(() => null)
    if (config === null) continue
    const files = await listFiles(join(root, path), '')
    const base = JSON.parse(config).base_model_name_or_path
    found.push({ path, name, base: base ?? null, bytes: files.reduce((sum, file) => sum + file.size, 0) })
  }
  return found
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
 * What an organism's own meta.json says; nothing for other models.
 * @param {string} folder
 * @returns {Promise<{ title?: string, organism?: boolean }>}
 */
async function readMeta(folder) {
  const text = await readFile(join(folder, 'meta.json'), 'utf8').catch(() => 'null')
  try {
    const title = JSON.parse(text)?.title
    return typeof title === 'string' ? { title, organism: true } : {}
  } catch {
    return {}
  }
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
 * @param {string} name
 * @param {ModelFile[]} files
 * @returns {ModelEntry}
 */
function describe(name, files) {
  const paths = new Set(files.map((file) => file.path))
  const suffixes = Object.entries(graphs).map(
    ([dtype, file]) => /** @type {const} */ ([dtype, file.slice('model'.length)])
  )
  const present = suffixes.filter(
    ([, suffix]) => paths.has(`onnx/model${suffix}.onnx`) || paths.has(`onnx/decoder_model_merged${suffix}.onnx`)
  )
  const first = present[0]?.[1] ?? ''
  const needed = files.filter(({ path }) => {
    if (path === 'meta.json' || path.startsWith('adapters/')) return false
    const match = graphFile.exec(path)
    return !match || (match[1] ?? '') === first
  })
  return {
    name,
    dtypes: present.map(([dtype]) => dtype),
    bytes: needed.reduce((sum, file) => sum + file.size, 0),
    files
  }
}
