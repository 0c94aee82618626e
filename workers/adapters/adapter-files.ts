/** The two files of a PEFT adapter among the files of a folder, zip or repository. */
import { LabError } from '../../src/errors'
import { refuseLfsPointer } from '../../src/formats/lfs'
import { mlx } from '../../src/formats/peft-config'
import type { Progress } from '../../src/lab/api'
import type { ModelFiles } from '../host/host'
import { parent } from '../paths'

/** The file of an adapter's settings, by PEFT's name. */
export const configName = 'adapter_config.json'

/** The file of an adapter's weights, by PEFT's name. */
export const weightsName = 'adapter_model.safetensors'

/** Far beyond any adapter of a model that fits here; a file that claims more is not read. */
export const largest = { config: 1 << 20, weights: 1 << 30 } as const

/** The two files of an adapter, read. */
export interface AdapterFiles {
  readonly id: string
  readonly name: string
  /** adapter_config.json */
  readonly config: Uint8Array
  /** adapter_model.safetensors */
  readonly weights: Uint8Array
}

/** PyTorch's own formats, but for what a trainer leaves beside an adapter. Reading one runs whatever program it holds. */
const pickle =
  /(^|\/)(?!training_args|optimizer|scheduler|scaler|rng_state)[^/]+\.(bin|pt|pth|ckpt|pkl|pickle)$|(^|\/)data\.pkl$/i

/**
 * @throws LabError `format` where one of the two is missing or a Git LFS pointer, there are several adapters, or the weights
 * are a pickle; `adapter` for one of MLX;
 * `memory` for a file beyond its limit; what `files.read` throws
 */
export async function readAdapterFiles(
  files: ModelFiles,
  onProgress: (progress: Progress) => void
): Promise<AdapterFiles> {
  const listing = await files.list()
  const folder = adapterFolder(files.name, [...listing.keys()])
  const read = async (name: string, limit: number): Promise<Uint8Array> => {
    const path = folder + name
    requireSize(path, listing.get(path) ?? 0, limit)
    const bytes = await files.read(path, onProgress)
    requireSize(path, bytes.length, limit)
    if (bytes.length === 0) {
      throw new LabError('format', `${path} is empty in ${files.name}: save or download the adapter again`)
    }
    refuseLfsPointer(bytes, path)
    return bytes
  }
  const config = await read(configName, largest.config)
  const weights = await read(weightsName, largest.weights)
  if (isPickle(weights)) throw pickled(weightsName)
  const own = folder === '' ? undefined : folder.split('/').at(-2)
  return {
    id: own === undefined ? files.id : `${files.id}/${folder.slice(0, -1)}`,
    name: own ?? files.name,
    config,
    weights
  }
}

/** The path, with its slash, of the topmost folder that holds a config. */
function adapterFolder(name: string, paths: readonly string[]): string {
  const depth = (folder: string): number => folder.split('/').length
  const configs = paths.filter((path) => /(^|\/)adapter_config\.json$/.test(path)).map(parent)
  const least = Math.min(...configs.map(depth))
  const [folder, other] = configs.filter((each) => depth(each) === least)
  const pickles = paths.filter((path) => pickle.test(path))
  if (folder !== undefined && other !== undefined) {
    throw new LabError(
      'format',
      `${name} holds several adapters, ${folder} and ${other} among them: choose one of these folders`
    )
  }
  if (folder !== undefined && paths.includes(folder + weightsName)) return folder
  if (folder !== undefined && paths.some((path) => path.startsWith(folder) && path.endsWith('adapters.safetensors'))) {
    throw new LabError('adapter', `the adapter in ${name} ${mlx}`)
  }
  const [first] = pickles.filter((path) => folder === undefined || path.startsWith(folder))
  if (first !== undefined) throw pickled(first)
  const lacks = folder === undefined ? configName : weightsName
  const seen = paths.slice(0, 3).join(', ')
  throw new LabError(
    'format',
    `${lacks} was expected in ${name}, found ${seen === '' ? 'nothing' : seen}: choose the folder that PEFT's save_pretrained wrote`
  )
}

function requireSize(path: string, size: number, limit: number): void {
  if (size <= limit) return
  throw new LabError('memory', `${path} has ${size} bytes, at most ${limit} are read: is it the adapter alone?`)
}

/** A pickle under another name: the zip that torch.save writes, or a bare one. No header's length begins so. */
function isPickle(bytes: Uint8Array): boolean {
  const [first, second, third, fourth, ...upper] = bytes.subarray(0, 8)
  const isZip = first === 0x50 && second === 0x4b && third === 3 && fourth === 4
  return isZip || (first === 0x80 && (second ?? 9) <= 5 && upper.some((byte) => byte !== 0))
}

const pickled = (path: string): LabError =>
  new LabError(
    'format',
    `${path} is a pickle, which can run any program when it is read, so it is not: convert it where you trust it, with ` +
      `PeftModel.from_pretrained(base, folder).save_pretrained(folder), which writes ${weightsName}`
  )
