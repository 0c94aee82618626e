/**
 * Files of `torch.save` and of `pickle.dump`: tensors and NumPy arrays in dicts and lists, rebuilt from their bytes. Nothing
 * in them is run (`pickle.ts`); whatever else a file asks for is refused by name.
 */
import { arraysIn, type Arrays } from './arrays'
import { Made, Outside, PythonName, readPickle, type Pickled } from './pickle'
import { utf8 } from '../text'
import { arrayOf, broken, storageSizes, tensorNames, type Storages } from './torch-tensor'

/** A dataclass of the package steering-vectors: what counts is its dict of vectors by layer. */
const record = 'steering_vectors.steering_vector.SteeringVector'
const scalars = ['float32', 'float16', 'bfloat16', 'float64', 'int64', 'int32', 'int16', 'int8', 'uint8', 'bool']
/** All that may be asked for. Beside tensors, what stands in dicts next to them, which is read past. */
const allowed: ReadonlySet<string> = new Set([
  record,
  ...tensorNames,
  ...storageSizes.keys(),
  ...scalars.map((name) => `torch.${name}`),
  ...['torch.Tensor', 'torch.nn.parameter.Parameter', 'torch.Size', 'torch.device', 'collections.OrderedDict'],
  ...['numpy.ndarray', 'numpy.dtype', 'numpy.core.multiarray.scalar', 'numpy._core.multiarray.scalar', '_codecs.encode']
])

interface Opened {
  readonly value: Pickled
  readonly storages: Storages
}

/**
 * The zip that PyTorch has written since 1.6.
 * @param files its files by path; `data.pkl` says what they are
 * @throws LabError `format`
 */
export function readTorchZip(files: ReadonlyMap<string, Uint8Array>, where: string): Arrays {
  const [main = '', pickle] = [...files].find(([path]) => /(^|\/)data\.pkl$/.test(path)) ?? []
  if (!pickle) throw broken(where, 'no data.pkl')
  const folder = main.slice(0, -'data.pkl'.length)
  const order = files.get(`${folder}byteorder`)
  if (order && utf8(order, where).trim() !== 'little') throw broken(where, 'numbers of a big-endian machine')
  const { value } = readPickle(pickle, where, allowed)
  return tensorsIn({ value, storages: (key) => files.get(`${folder}data/${key}`) }, where)
}

/** A bare pickle: what PyTorch wrote before 1.6, or one of arrays. @throws LabError `format` */
export function readTorchPickle(file: Uint8Array, where: string): Arrays {
  return tensorsIn(openPickle(file, where), where)
}

function tensorsIn({ value, storages }: Opened, where: string): Arrays {
  const reader = { where, storages, nested: (bytes: Uint8Array) => openPickle(bytes, where) }
  return arraysIn(value, (one) => {
    if (one instanceof Made && one.of === record) return one.state instanceof Map ? one.state : undefined
    if (one instanceof Made) return arrayOf(one, reader)
    return one instanceof Map || Array.isArray(one) ? one : undefined
  })
}

/** What files before 1.6 begin with, rounded as a double is. */
const legacyMagic = Number(0x1950a86a20f9469cfc6cn)

function openPickle(file: Uint8Array, where: string): Opened {
  const first = readPickle(file, where, allowed)
  if (first.value !== legacyMagic) return { value: first.value, storages: () => undefined }
  return openLegacy(file, where, first.end)
}

/** Version, sizes of the machine, the value, the keys of its storages, and then their bytes in that order. */
function openLegacy(file: Uint8Array, where: string, start: number): Opened {
  const version = readPickle(file, where, allowed, start)
  const machine = readPickle(file, where, allowed, version.end)
  const { value, end } = readPickle(file, where, allowed, machine.end)
  const keys = readPickle(file, where, allowed, end)
  const isLittle = machine.value instanceof Map && machine.value.get('little_endian') === true
  if (version.value !== 1001 || !isLittle || !Array.isArray(keys.value)) {
    throw broken(where, 'numbers of a PyTorch or a machine that is not known here')
  }
  const sizes = sizesIn(value)
  const found = new Map<string, Uint8Array>()
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  let at = keys.end
  for (const key of keys.value.map(String)) {
    const count = at + 8 <= file.length ? Number(view.getBigUint64(at, true)) : NaN
    const end = at + 8 + count * (sizes.get(key) ?? NaN)
    if (!(end <= file.length)) throw broken(where, 'fewer numbers than it names')
    found.set(key, file.subarray(at + 8, end))
    at = end
  }
  return { value, storages: (key) => found.get(key) }
}

/** Bytes of an element of each storage that a value names. */
function sizesIn(root: Pickled): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  const seen = new Set<Pickled>()
  const waiting = [root]
  for (let value = waiting.pop(); value !== undefined; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue
    seen.add(value)
    if (value instanceof Outside && Array.isArray(value.id)) {
      const [, type, key] = value.id
      if (type instanceof PythonName && typeof key === 'string') found.set(key, storageSizes.get(type.name) ?? NaN)
    }
    const inside = value instanceof Made ? [...value.parts, value.state] : value
    if (inside instanceof Map || Array.isArray(inside)) for (const one of inside.values()) waiting.push(one)
  }
  return found
}
