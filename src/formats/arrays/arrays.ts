/** Arrays of floats under the names that a file gives them: what PyTorch, NumPy and JSON files of other programs come down to. */

/** Of any number of dimensions, row-major. */
export interface FloatArray {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** Where an array stands, from the outermost name inwards, a place in a list being ''; empty where the file is one array. */
export interface NamedArray extends FloatArray {
  readonly path: readonly string[]
}

export interface Arrays {
  readonly arrays: readonly NamedArray[]
  /** What stands beside its arrays under `layer` or the like; null where nothing does. */
  readonly layer: unknown
}

/** What holds arrays. */
export type Tree = ReadonlyMap<unknown, unknown> | readonly unknown[]

/** Names under which a layer's number stands beside its vector. */
const layerNames: ReadonlySet<unknown> = new Set(['layer', 'layer_idx', 'layer_index', 'layer_id', 'layer_num'])
/** Places that are looked at: no honest file of vectors has more, or nests deeper. */
const mostValues = 100_000
const deepest = 8

/**
 * The arrays inside maps and lists; whatever else stands there is left out.
 * @param read an array where a value is one, a tree to look into, or undefined
 */
export function arraysIn(root: unknown, read: (value: unknown) => FloatArray | Tree | undefined): Arrays {
  const arrays: NamedArray[] = []
  let layer: unknown = null
  let left = mostValues
  const visit = (value: unknown, path: readonly string[]): void => {
    if (--left < 0 || path.length > deepest) return
    const found = read(value)
    if (found === undefined) return
    if ('data' in found) {
      arrays.push({ ...found, path })
      return
    }
    for (const [key, inside] of found.entries()) {
      if (layerNames.has(key)) layer = inside
      else visit(inside, [...path, found instanceof Map ? String(key) : ''])
    }
  }
  visit(root, [])
  return { arrays, layer }
}
