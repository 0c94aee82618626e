/** Adapter fixtures (companion/fixtures/adapters.py), and adapters made up or broken on purpose. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { zipSync } from 'fflate'
import type { AdapterSource } from '../src/lab/api'
import { readSafetensors, type Values } from './fixtures'

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures', 'adapters')

export const adapterFolder = (name: string): string => join(root, name)
export const adapterNames = (): string[] => readdirSync(root)

/** PEFT's logits `[row][vocab]`, and whose graph they are for. */
export function adapterReference(name: string): { readonly fixture: string; readonly logits: Values } {
  const path = join(root, name, 'reference.safetensors')
  const logits = readSafetensors(path).get('logits')
  const fixture = /"fixture":"([\w-]+)"/.exec(readFileSync(path, 'latin1'))?.[1]
  if (!logits || fixture === undefined) throw new Error(`${path} is not a reference`)
  return { fixture, logits }
}

export type Contents = Readonly<Record<string, Uint8Array | string>>

/** Both files of an adapter by their names. */
export function adapterContents(folder: string): { config: string; weights: Uint8Array } {
  const config = readFileSync(join(folder, 'adapter_config.json'), 'utf8')
  return { config, weights: new Uint8Array(readFileSync(join(folder, 'adapter_model.safetensors'))) }
}

export const bytesOf = (content: Uint8Array | string): Uint8Array<ArrayBuffer> =>
  typeof content === 'string' ? new TextEncoder().encode(content) : new Uint8Array(content)

/** What a picker or a drop gives. */
export function filesSource(contents: Contents, name = 'given'): AdapterSource {
  const files = Object.entries(contents).map(([path, content]) => ({ path, blob: new Blob([bytesOf(content)]) }))
  return { kind: 'files', name, files }
}

export function zipSource(contents: Contents): AdapterSource {
  const entries = Object.entries(contents).map(([path, content]) => [path, bytesOf(content)] as const)
  return {
    kind: 'zip',
    name: 'adapter.zip',
    blob: new Blob([new Uint8Array(zipSync(Object.fromEntries(entries)))])
  }
}

export interface Tensor {
  readonly shape: readonly number[]
  readonly dtype?: string
  readonly data?: Uint8Array
}

/** A safetensors file; zeros where a tensor brings no data. `header` may change what it claims. */
export function safetensors(
  tensors: Readonly<Record<string, Tensor>>,
  header: (fields: Record<string, unknown>) => unknown = (fields) => fields
): Uint8Array {
  const fields: Record<string, unknown> = {}
  const parts: Uint8Array[] = []
  let offset = 0
  for (const [name, { shape, dtype = 'F32', data }] of Object.entries(tensors)) {
    const bytes = data ?? new Uint8Array(shape.reduce((product, n) => product * n, 4))
    fields[name] = { dtype, shape, data_offsets: [offset, (offset += bytes.length)] }
    parts.push(bytes)
  }
  const text = new TextEncoder().encode(JSON.stringify(header(fields)))
  const length = new Uint8Array(8)
  new DataView(length.buffer).setBigUint64(0, BigInt(text.length), true)
  return new Uint8Array(Buffer.concat([length, text, ...parts]))
}

/** A pair on one module of width 64, of rank 2, as PEFT names it. */
export function pairOf(path: string, width = 64, out = 64, rank = 2): Record<string, Tensor> {
  return {
    [`base_model.model.${path}.lora_A.weight`]: { shape: [rank, width] },
    [`base_model.model.${path}.lora_B.weight`]: { shape: [out, rank] }
  }
}

/** adapter_config.json with these settings. */
export const configOf = (settings: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify({ peft_type: 'LORA', r: 2, lora_alpha: 4, bias: 'none', ...settings })
