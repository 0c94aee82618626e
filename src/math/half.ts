/** IEEE half precision, as tensors of type float16 hold it. */

/** The largest number of half precision. */
export const halfLimit = 65504

/** Every half as a float32: 65,536 entries, made once. */
const table = new Float32Array(65536)
for (let h = 0; h < 65536; h++) {
  const sign = h & 0x8000 ? -1 : 1
  const exponent = (h >> 10) & 31
  const fraction = h & 1023
  if (exponent === 0) table[h] = sign * fraction * 2 ** -24
  else if (exponent === 31) table[h] = fraction ? NaN : sign * Infinity
  else table[h] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

export function fromHalf(halves: Uint16Array): Float32Array {
  const out = new Float32Array(halves.length)
  for (let i = 0; i < halves.length; i++) out[i] = table[halves[i] ?? 0] ?? 0
  return out
}

const float = new Float32Array(1)
const bits = new Uint32Array(float.buffer)

/** Round to nearest, ties to even; what is too large becomes infinite. */
export function toHalf(floats: Float32Array): Uint16Array<ArrayBuffer> {
  const out = new Uint16Array(floats.length)
  for (let i = 0; i < floats.length; i++) {
    float[0] = floats[i] ?? 0
    out[i] = halfBits(bits[0] ?? 0)
  }
  return out
}

function halfBits(x: number): number {
  const sign = (x >>> 16) & 0x8000
  const magnitude = x & 0x7fffffff
  if (magnitude > 0x7f800000) return sign | 0x7e00
  if (magnitude >= 0x477ff000) return sign | 0x7c00
  if (magnitude < 0x33000001) return sign
  const exponent = magnitude >>> 23
  if (exponent < 113) {
    const shift = 126 - exponent
    const mantissa = (magnitude & 0x7fffff) | 0x800000
    return sign | roundShift(mantissa, shift)
  }
  return sign | roundShift(magnitude - (112 << 23), 13)
}

function roundShift(value: number, shift: number): number {
  const kept = value >>> shift
  const rest = value & ((1 << shift) - 1)
  const middle = 1 << (shift - 1)
  return rest > middle || (rest === middle && kept & 1) ? kept + 1 : kept
}
