/** Files that people bring, each read in a worker of its own: a file that takes too long, or too much memory, takes nothing else down. */
import { proxy, transfer, type Remote } from 'comlink'
import { LabError } from '../../errors'
import { quoted } from '../../formats/text'
import { Line, webPort, type Spawn, type WorkerPort } from './line'
import { registerWire } from './wire'

/** What any worker of readers answers beside its readings. */
export interface Ready {
  /** Resolves when the worker can read: what it takes to load it is not the file's fault. */
  ready(): Promise<void>
}

export interface ReadOptions {
  /** The file, for messages. */
  readonly name: string
  /** Milliseconds that each question to the reader may take. */
  readonly ms: number
  /** What to do with a file that takes too long. */
  readonly wayOut?: string
  readonly spawn?: Spawn
}

/** Puts one question to a reader. */
export type Ask<Api> = <Result>(read: (readers: Remote<Api>) => Promise<Result>) => Promise<Result>

/**
 * Runs one reading in a new worker, which is ended with it.
 * @throws LabError what the reader throws, `format` where it takes longer than it may, `worker-lost` where the worker dies
 */
export function readBeside<Api extends Ready, Result>(
  options: ReadOptions,
  read: (readers: Remote<Api>) => Promise<Result>
): Promise<Result> {
  return withReader<Api, Result>(options, (ask) => ask(read))
}

/** The same for a file that is read by several questions: the worker is ended after `work`. @throws LabError as `readBeside` */
export async function withReader<Api extends Ready, Result>(
  { name, ms, wayOut = 'take a part of it, or save prompts as JSONL', spawn = spawnFileWorker }: ReadOptions,
  work: (ask: Ask<Api>) => Promise<Result>
): Promise<Result> {
  registerWire()
  const lost = (reason: string): string =>
    `${quoted(name)} could not be read (${reason}): take a part of the file, or close other tabs, and try again`
  const line = new Line<Api>(spawn(), lost, () => undefined)
  try {
    await line.race((readers) => readers.ready())
    return await work((read) => within(ms, line.race(read), () => tooLong(name, ms, wayOut)))
  } finally {
    line.end('the file was read')
  }
}

async function within<Result>(ms: number, result: Promise<Result>, late: () => LabError): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await Promise.race([
      result,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(late()), ms)
      })
    ])
  } finally {
    clearTimeout(timer)
  }
}

/** Files whose bytes go to the worker without a copy: they are gone from this thread afterwards. */
export function moved<Files extends NamedBytes | readonly NamedBytes[]>(files: Files): Files {
  const list: readonly NamedBytes[] = 'name' in files ? [files] : files
  return transfer(
    files,
    list.map(({ bytes }) => bytes.buffer)
  )
}

interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** A list that comes piece by piece: what the worker calls with each, and all that came. */
export function inPieces<Row>(): { readonly take: (rows: readonly Row[]) => void; readonly all: () => readonly Row[] } {
  const pieces: (readonly Row[])[] = []
  return { take: proxy((rows: readonly Row[]) => void pieces.push(rows)), all: () => pieces.flat() }
}

const tooLong = (name: string, ms: number, wayOut: string): LabError =>
  new LabError('format', `${quoted(name)} took more than ${ms / 1000} s to read and was given up: ${wayOut}`)

function spawnFileWorker(): WorkerPort {
  return webPort(
    new Worker(new URL('../../../workers/read/files.ts', import.meta.url), { type: 'module', name: 'files' })
  )
}
