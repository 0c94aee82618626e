/** Parity fixtures: tiny models with PyTorch's values for them, made by companion/fixtures. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), 'fixtures')

export interface Values {
  readonly dims: readonly number[]
  readonly data: Float32Array
}

export type Precision = 'fp32' | 'fp16' | 'q4' | 'q4f16' | 'q8'

export interface Fixture {
  readonly name: string
  readonly folder: string
  readonly reference: Reference
  readonly tensors: ReadonlyMap<string, Values>
}

export interface Reference {
  readonly family: string
  readonly layout: string
  readonly layers: number
  readonly width: number
  readonly vocab: number
  readonly prompts: readonly (readonly number[])[]
  readonly files: Readonly<
    Partial<Record<Precision, { readonly file: string; readonly untouched_logit_error: number }>>
  >
  readonly interventions: Readonly<
    Record<string, { readonly layers: readonly number[]; readonly tokens: number | null }>
  >
  readonly greedy: Readonly<Record<'none' | 'add_ablate', readonly (readonly number[])[]>>
}

export function fixtureNames(): string[] {
  return readdirSync(root).filter((name) => existsSync(join(root, name, 'reference.json')))
}

/** Those of the first families, with every intervention; the small ones show what other families and layouts do otherwise. */
export function largeFixtureNames(): string[] {
  return fixtureNames().filter((name) => !smallFixtureNames().includes(name))
}

export function smallFixtureNames(): string[] {
  return fixtureNames().filter((name) => loadFixture(name).reference.vocab === 48)
}

export function loadFixture(name: string): Fixture {
  const folder = join(root, name)
  const reference: Reference = JSON.parse(readFileSync(join(folder, 'reference.json'), 'utf8'))
  return {
    name,
    folder,
    reference,
    tensors: readSafetensors(join(folder, 'reference.safetensors'))
  }
}

/** Path of the decoder graph in one precision. */
export function graphPath({ name, folder, reference }: Fixture, precision: Precision): string {
  const file = reference.files[precision]?.file
  if (!file) throw new Error(`${name} has no ${precision} graph`)
  return join(folder, file)
}

/** float32 tensors of a safetensors file. */
export function readSafetensors(path: string): Map<string, Values> {
  const bytes = readFileSync(path)
  const length = Number(bytes.readBigUInt64LE(0))
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString('utf8', 8, 8 + length)
  )
  const entries = Object.entries(header).filter(([name]) => name !== '__metadata__')
  return new Map(
    entries.map(
      ([
        name,
        {
          dtype,
          shape,
          data_offsets: [from, to]
        }
      ]) => {
        if (dtype !== 'F32') throw new Error(`${path}: ${name} has type ${dtype}, F32 was expected`)
        const data = new Float32Array(
          bytes.buffer.slice(bytes.byteOffset + 8 + length + from, bytes.byteOffset + 8 + length + to)
        )
        return [name, { dims: shape, data }]
      }
    )
  )
}

/** The reference's answers as the engine gives them: PyTorch goes on after an end token (id 0), the engine stops with it. */
export function untilStop(rows: readonly (readonly number[])[]): number[][] {
  return rows.map((row) => {
    const end = row.indexOf(0)
    return end < 0 ? [...row] : row.slice(0, end + 1)
  })
}
