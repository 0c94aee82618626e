/** What can go wrong, as a closed set: the page maps each to one sentence and one action. */
export type LabErrorCode =
  | 'network'
  | 'checksum'
  | 'onnx'
  | 'graph'
  | 'adapter'
  | 'format'
  | 'device'
  | 'memory'
  | 'shape'
  | 'quota'
  | 'worker-lost'

/** Characters of a file that a message quotes at most. */
const longestQuote = 200

/**
 * What a file holds, fit for a message: on one line, and at most 200 characters. Text is quoted as it is, all else as JSON
 * has it; what JSON cannot hold, or nests too deep for it, is named by its kind.
 */
export function excerpt(value: unknown): string {
  const text = typeof value === 'string' ? value : jsonOf(value)
  // Cut first: a text of a hundred megabytes is not gone through for its first line.
  const line = text.slice(0, 2 * longestQuote).replace(unprintable, ' ')
  return line.length > longestQuote || text.length > line.length ? `${line.slice(0, longestQuote - 1)}…` : line
}

function jsonOf(value: unknown): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value
  }
}

/** Breaks of lines, what steers a terminal or turns text round, and half characters. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]+/gu

/** An error that a user can act on. One line: what was expected, what came, the way out. */
export class LabError extends Error {
  readonly code: LabErrorCode

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message.replace(unprintable, ' '), options)
    this.name = 'LabError'
    this.code = code
  }
}

const codes: Readonly<Record<LabErrorCode, true>> = {
  network: true,
  checksum: true,
  onnx: true,
  graph: true,
  adapter: true,
  format: true,
  device: true,
  memory: true,
  shape: true,
  quota: true,
  'worker-lost': true
}

/** True for a code of the closed set, which a string from another thread may not be. */
export function isLabErrorCode(code: string): code is LabErrorCode {
  return Object.hasOwn(codes, code)
}

/** True for a cancelled call, which is never shown as a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
