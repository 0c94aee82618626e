/**
 * Which weights these are. Hashing gigabytes would cost more than creating the session, so the graph is hashed whole
 * and each weight file by its size and 4 KiB out of every MiB: any training or re-quantization changes it.
 */
import { digest, sha256 } from '../src/math/sha256'
import type { ModelFiles, Weights } from './host/host'

const stride = 1 << 20
const sample = 1 << 12

/**
 * SHA-256 over the graph and samples of its weight files, hex.
 * @param folder path of the folder, with its slash, that graph and weight files lie in
 */
export async function fingerprint(
  graph: Uint8Array,
  weights: readonly Weights[],
  names: readonly string[],
  files: ModelFiles,
  folder: string
): Promise<string> {
  const parts: Uint8Array[] = [await digest(graph)]
  for (const name of names) {
    const data = weights.find((w) => w.path === name)?.data
    const { size, bytes } = data
      ? { size: data.length, bytes: sampled(data) }
      : await files.sample(folder + name, stride, sample)
    parts.push(new TextEncoder().encode(`${name} ${size} `), await digest(bytes))
  }
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
  return sha256(whole)
}

function sampled(data: Uint8Array): Uint8Array {
  const blocks = Math.ceil(data.length / stride)
  const out = new Uint8Array(blocks * sample)
  for (let i = 0; i < blocks; i++) out.set(data.subarray(i * stride, i * stride + sample), i * sample)
  return out
}
