/** Reads damaged files and counts how it went. */
import { LabError } from '../../../src/errors'
import { damaged, randomOf } from './changes'
import type { Reader } from './readers'

export interface Counts {
  tried: number
  /** Read all the same. */
  ok: number
  /** Refused by a LabError, in one line. */
  typed: number
  /** Thrown otherwise. */
  untyped: number
  /** More than two seconds of the processor. */
  hang: number
  /** More than 500 MB of memory. */
  memory: number
}

export interface Trouble {
  readonly kind: 'untyped' | 'hang' | 'memory'
  /** Which of the inputs, from 0. */
  readonly index: number
  readonly what: string
  readonly input: Uint8Array
}

export interface FuzzOptions {
  readonly n: number
  readonly seed: number
  /** The first input; those before are left out. Default 0. */
  readonly from?: number
  /** Called before each input. */
  readonly onInput?: (index: number) => void
  readonly onTrouble?: (trouble: Trouble) => void
}

const longest = 2_000
const most = 500_000_000
/** Characters: at most 200 are quoted, the rest are words of ours. */
const longestMessage = 400

export const noCounts = (): Counts => ({ tried: 0, ok: 0, typed: 0, untyped: 0, hang: 0, memory: 0 })

/** The input of an index: each has a seed of its own, so that one can be made again without the others. */
export function inputOf(
  { changes }: Reader,
  seeds: readonly Uint8Array<ArrayBuffer>[],
  seed: number,
  index: number
): Uint8Array<ArrayBuffer> {
  const random = randomOf(seed * 1_000_003 + index)
  return damaged(seeds[Math.floor(random() * seeds.length)] ?? new Uint8Array(1), changes, random)
}

/** Damages the reader's files `n` times, and reads what comes out. */
export async function fuzz(reader: Reader, { n, seed, from = 0, onInput, onTrouble }: FuzzOptions): Promise<Counts> {
  const counts = noCounts()
  const seeds = await reader.seeds()
  for (let index = from; index < n; index++) {
    const input = inputOf(reader, seeds, seed, index)
    onInput?.(index)
    const before = process.resourceUsage().maxRSS
    const began = process.cpuUsage()
    const problem = await outcome(reader, input)
    const took = process.cpuUsage(began).user / 1000
    const grown = (process.resourceUsage().maxRSS - before) * 1024
    const trouble = (kind: Trouble['kind'], what: string): void => {
      counts[kind]++
      onTrouble?.({ kind, index, what, input })
    }
    counts.tried++
    if (problem === 'ok' || problem === 'typed') counts[problem]++
    else trouble('untyped', problem.untyped)
    if (took > longest) trouble('hang', `${Math.round(took)} ms`)
    if (grown > most) trouble('memory', `${Math.round(grown / 1e6)} MB`)
  }
  return counts
}

async function outcome(
  { read }: Reader,
  input: Uint8Array<ArrayBuffer>
): Promise<'ok' | 'typed' | { readonly untyped: string }> {
  try {
    await read(input)
    return 'ok'
  } catch (error) {
    if (!(error instanceof LabError))
      return { untyped: error instanceof Error ? (error.stack ?? error.message) : String(error) }
    const { message } = error
    if (/[\n\r\u2028\u2029]/.test(message)) return { untyped: `not one line: ${JSON.stringify(message)}` }
    if (message.length > longestMessage) return { untyped: `${message.length} characters: ${message}` }
    return 'typed'
  }
}
