/** The engine's host without a browser: onnxruntime-node with its native CPU and WebGPU providers, files from folders. */
import { existsSync } from 'node:fs'
import { open as openFile, readdir, readFile, stat } from 'node:fs/promises'
import { availableParallelism, totalmem } from 'node:os'
import { basename, join, relative, resolve, sep } from 'node:path'
import { setImmediate as immediate } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import * as ort from 'onnxruntime-node'
import { excerpt, LabError } from '../../src/errors'
import type { AdapterSource, Device, ModelSource, Progress } from '../../src/lab/api'
import type { DeviceOffer, Host, ModelFiles, Runtime, Session, SessionOptions, Weights } from './host'
import { readGiven } from './given-file'
import { largest } from '../adapters/adapter-files'
import { openError } from '../open-error'
import { openFolderDisk } from '../stored/disk-node'
import { atHub, cacheFolder } from '../stored/place-node'
import { adapterFiles, webFiles, type SourceOptions } from '../sources/sources'
import { zipFiles } from '../sources/zip-files'
import { takeOnCpu } from '../run/copies'
import { bundledName, notBundled } from '../sources/bundled'
import { counted } from './runs-node'

/** The host in Node: onnxruntime-node, files and folders. */
export const nodeHost: Host = {
  offers: () => Promise.resolve(offers()),
  openRuntime: async (device, { threads }) => runtime(device, threads),
  files: modelFiles,
  adapterFiles: async (source, onProgress, signal) => {
    if (source.kind === 'folder') return adapterAt(source.path)
    if (source.kind === 'bundled') return folderAt(join(pageFolder, bundledName(source.name)), `bundled:${source.name}`)
    return adapterFiles(atHub(source), onProgress, { ...(await optionsFor(source)), ...(signal && { signal }) })
  },
  breathe: () => immediate()
}

function offers(): DeviceOffer[] {
  const webgpu = ort.listSupportedBackends().some(({ name }) => name === 'webgpu')
  const cpu: DeviceOffer = { device: 'cpu', half: false, reason: 'native CPU, the default outside a browser' }
  return webgpu ? [cpu, { device: 'webgpu', half: false, reason: 'native WebGPU' }] : [cpu]
}

/** @throws LabError `device` for a number of threads that is none */
function runtime(device: Device, threads: number | undefined): Runtime {
  if (device === 'cpu' && threads !== undefined && !(Number.isInteger(threads) && threads > 0)) {
    throw new LabError(
      'device',
      `the number of threads should be 1 or more, got ${threads}: leave it out for all cores`
    )
  }
  return {
    device,
    deviceName: device === 'cpu' ? threadsName(threads ?? availableParallelism()) : 'native WebGPU',
    Tensor: ort.Tensor,
    createSession: (graph, weights, options) => createSession(device, threads, graph, weights, options),
    upload: (tensor) => tensor,
    take: (tensor, rows) => takeOnCpu(ort.Tensor, tensor, rows),
    limits: { buffer: Infinity, total: totalmem() * 0.9 },
    lost: new Promise<never>(() => undefined),
    release: () => Promise.resolve()
  }
}

const threadsName = (threads: number): string => (threads === 1 ? '1 thread' : `${threads} threads`)

async function createSession(
  device: Device,
  threads: number | undefined,
  graph: Uint8Array,
  weights: readonly Weights[],
  options: SessionOptions
): Promise<Session> {
  const base: ort.InferenceSession.SessionOptions = {
    executionProviders: [device],
    logSeverityLevel: 3,
    ...(device === 'cpu' && threads !== undefined && { intraOpNumThreads: threads })
  }
  const extra = { session: { model_external_initializers_file_folder_path: options.folder } }
  const create = (): Promise<Session> => {
    if (options.folder !== undefined) return ort.InferenceSession.create(graph, { ...base, extra })
    const externalData = weights.map(({ path, data }) => ({ path, data }))
    return ort.InferenceSession.create(graph, { ...base, externalData })
  }
  try {
    return counting(await counted(create))
  } catch (cause) {
    throw openError(cause)
  }
}

/** The same session, whose runs are counted. */
function counting(session: Session): Session {
  const run = session.run.bind(session)
  const value = (...given: readonly unknown[]): Promise<unknown> =>
    counted<unknown>(() => Promise.resolve(Reflect.apply(run, undefined, given)))
  return Object.defineProperty(session, 'run', { value, writable: true })
}

/** What comes with the page, and the models that were put beside it. */
const pageFolder = fileURLToPath(new URL('../../public', import.meta.url))
const modelFolders = [join(pageFolder, 'models'), fileURLToPath(new URL('../../models', import.meta.url))]

async function modelFiles(source: ModelSource, onProgress: (progress: Progress) => void): Promise<ModelFiles> {
  if (source.kind === 'folder') return folderAt(source.path)
  if (source.kind === 'bundled') {
    const name = bundledName(source.name)
    const path = modelFolders.map((folder) => join(folder, name)).find((place) => existsSync(place))
    if (path === undefined) throw notBundled(name)
    return folderAt(path, `bundled:${name}`)
  }
  return webFiles(atHub(source), onProgress, await optionsFor(source))
}

/** Models from elsewhere are stored, so that they are fetched once and mapped from the disk. */
async function optionsFor({ kind }: ModelSource | AdapterSource): Promise<SourceOptions> {
  const isRemote = kind === 'hub' || kind === 'url'
  return {
    disk: isRemote ? await openFolderDisk(join(cacheFolder(), 'hub')) : null,
    askToken: 'set HF_TOKEN to'
  }
}

/** @param id default: the folder's name */
async function folderAt(path: string, id?: string): Promise<ModelFiles> {
  const root = resolve(path)
  const info = await stat(root).catch(() => undefined)
  if (!info?.isDirectory())
    throw new LabError('format', `${path} is not a folder: give the folder that holds config.json`)
  const inside = (path: string): string => {
    const full = resolve(root, path)
    if (!full.startsWith(root + sep)) throw new LabError('format', `${path} lies outside the model folder`)
    return full
  }
  return {
    id: id ?? `folder:${basename(root)}`,
    name: basename(root),
    list: () => list(root),
    read: async (path) => readWhole(inside(path), path),
    sample: (path, stride, length) => sample(inside(path), path, stride, length),
    folder: (paths) => {
      paths.forEach(inside)
      return Promise.resolve(root)
    }
  }
}

/** A folder, or a zip file of one. */
async function adapterAt(path: string): Promise<ModelFiles> {
  const info = await stat(path).catch(() => undefined)
  if (info?.isFile()) {
    return zipFiles(basename(path), new Blob([await readGiven(path, largest.weights, 'a zip of an adapter')]))
  }
  if (info?.isDirectory()) return folderAt(path)
  throw new LabError(
    'format',
    `adapter_config.json was expected in ${path}, which is not there: give a folder or a zip file`
  )
}

async function list(root: string): Promise<Map<string, number>> {
  const entries = await readdir(root, { withFileTypes: true, recursive: true })
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size))
  return new Map(paths.map((path, i) => [relative(root, path).split(sep).join('/'), sizes[i] ?? 0]))
}

async function readWhole(full: string, path: string): Promise<Uint8Array> {
  const bytes = await readFile(full).catch((cause: unknown) => {
    throw new LabError('format', `${excerpt(path)} could not be read (${excerpt(cause)}): is the model folder whole?`, {
      cause
    })
  })
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
}

async function sample(
  full: string,
  path: string,
  stride: number,
  length: number
): Promise<{ size: number; bytes: Uint8Array }> {
  const file = await openFile(full).catch((cause: unknown) => {
    throw new LabError('onnx', `the weight file ${path} is missing beside the graph: download it too`, { cause })
  })
  try {
    const { size } = await file.stat()
    const bytes = new Uint8Array(Math.ceil(size / stride) * length)
    for (let i = 0; i * stride < size; i++)
      await file.read(bytes, i * length, Math.min(length, size - i * stride), i * stride)
    return { size, bytes }
  } finally {
    await file.close()
  }
}
