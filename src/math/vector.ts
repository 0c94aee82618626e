/** A vector of either precision. */
export type Vector = Float32Array | Float64Array

/** The inner product, in double precision. `b` is at least as long as `a`. */
export function dot(a: Vector, b: Vector): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

/** |a|, in double precision. */
export function length(a: Vector): number {
  return Math.sqrt(dot(a, a))
}

/** vector / |vector| */
export function unit(vector: Float32Array): Float32Array {
  const size = length(vector)
  return vector.map((x) => x / size)
}

/** The bytes of a vector, as a view. */
export function bytesOf(vector: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength)
}

/** The angle's cosine; NaN where a vector is 0 or holds NaN. */
export function cosine(a: Vector, b: Vector): number {
  return dot(a, b) / (length(a) * length(b))
}

/** target + factor * vector, in place. */
export function addInto(target: Vector, vector: Vector, factor = 1): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + factor * (vector[i] ?? 0)
}

/** Largest |x|; NaN where there is one. */
export function maxAbs(a: Vector): number {
  let max = 0
  for (const value of a) {
    if (Number.isNaN(value)) return Number.NaN
    max = Math.max(max, Math.abs(value))
  }
  return max
}

/** Index of the first largest element; -1 for an empty vector. */
export function argmax(a: Vector): number {
  if (a.length === 0) return -1
  let best = 0
  let max = a[0] ?? 0
  for (let i = 1; i < a.length; i++) {
    const value = a[i] ?? 0
    if (value > max) {
      max = value
      best = i
    }
  }
  return best
}
