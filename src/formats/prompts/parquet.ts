/** Prompt files in Parquet, as the hub's dataset pages give them: by hyparquet, with our limits around it. */
import { parquetMetadataAsync, parquetReadObjects, parquetSchema, snappyUncompress, type Compressors } from 'hyparquet'
import { decompressBrotli, decompressLz4, decompressLz4Raw, decompressZstd, gunzip } from 'hyparquet-compressors'
import { LabError } from '../../errors'
import { largestPromptFile, mostPrompts, promptList, type PromptList } from './list'
import { FileNotes } from './notes'
import { answerFields, belowFields, promptFields, systemFields } from './records'

/** Bytes that all pages together may unpack to. */
const mostBytes = 512 * 2 ** 20
const wanted: ReadonlySet<string> = new Set([
  'id',
  'group',
  ...promptFields,
  ...answerFields,
  ...belowFields,
  ...systemFields
])

/** @throws LabError `format` for a file that is not whole, `memory` for one that unpacks to too much */
export async function readParquetPrompts(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<PromptList> {
  if (bytes.length > largestPromptFile) {
    throw new LabError(
      'format',
      `${name} has ${bytes.length} bytes, ${largestPromptFile} can be read: take a part of the set`
    )
  }
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
  const notes = new FileNotes()
  const rows = await rowsOfFile(name, file, notes)
  return promptList(
    rows.map((value, i) => ({ value: plain(value), place: `row ${i + 1} of ${name}` })),
    name,
    notes
  )
}

async function rowsOfFile(name: string, file: ArrayBuffer, notes: FileNotes): Promise<readonly unknown[]> {
  try {
    const metadata = await parquetMetadataAsync(file)
    if (metadata.num_rows > mostPrompts) {
      throw new LabError(
        'format',
        `${name} holds ${metadata.num_rows} rows, ${mostPrompts} can be read: take a part of the set`
      )
    }
    const names = parquetSchema(metadata).children.map(({ element }) => element.name)
    for (const column of names) if (!wanted.has(column)) notes.unused(column)
    const columns = names.filter((column) => wanted.has(column))
    return await parquetReadObjects({ file, metadata, columns, compressors: limited(name) })
  } catch (cause) {
    if (cause instanceof LabError) throw cause
    const reason = cause instanceof Error ? cause.message.split('\n')[0]?.slice(0, 80) : ''
    throw new LabError('format', `${name} could not be read as Parquet (${reason ?? ''}): fetch it again`, { cause })
  }
}

type Unpack = (input: Uint8Array, length: number) => Uint8Array

const unpackers: Readonly<Record<string, Unpack>> = {
  SNAPPY: (input, length) => {
    const page = new Uint8Array(length)
    snappyUncompress(input, page)
    return page
  },
  GZIP: (input, length) => gunzip(input, new Uint8Array(length)),
  ZSTD: (input, length) => decompressZstd(input, new Uint8Array(length)),
  BROTLI: decompressBrotli,
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw
}

/** The unpackers, held to a sum of bytes. */
function limited(name: string): Compressors {
  let left = mostBytes
  const within =
    (unpack: Unpack): Unpack =>
    (input, length) => {
      left -= length
      if (left >= 0) return unpack(input, length)
      throw new LabError('memory', `${name} unpacks to more than ${mostBytes} bytes: take a part of the set`)
    }
  return Object.fromEntries(Object.entries(unpackers).map(([codec, unpack]) => [codec, within(unpack)]))
}

/** Whole numbers of 64 bits as ids have them; the rest as it is. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plain(one)]))
}
