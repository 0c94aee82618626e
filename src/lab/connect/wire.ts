/**
 * What comlink does not carry by itself: the class and `code` of an error. Both sides of the seam
 * import this file; the override lives in comlink's own handler table.
 */
import { transferHandlers } from 'comlink'
import { LabError, isLabErrorCode } from '../../errors'

/** An error as it lies on the wire. */
interface WireError {
  readonly name: string
  readonly message: string
  readonly stack?: string
  readonly code?: string
  readonly cause?: WireError
}

/** A thrown value on the wire: an error, or anything else that structured clone can carry. */
type Thrown = { readonly error: WireError } | { readonly value: unknown }

/** Makes errors keep their class, `name`, `code` and `cause` across the boundary. Call once, on both sides. */
export function registerWire(): void {
  const original = transferHandlers.get('throw')
  if (!original) throw new Error('comlink has no "throw" handler: check its version')
  transferHandlers.set('throw', {
    canHandle: (value): value is unknown => original.canHandle(value),
    serialize: (marked) => [packThrown(marked), []],
    deserialize: (packed) => {
      throw unpackThrown(packed)
    }
  })
}

function packThrown(marked: unknown): Thrown {
  const value = isRecord(marked) ? marked['value'] : marked
  return value instanceof Error ? { error: packError(value) } : { value }
}

/** What to throw on the receiving side for what `registerWire` packed on the other. */
function unpackThrown(packed: unknown): unknown {
  if (!isRecord(packed)) return packed
  return isWireError(packed['error']) ? unpackError(packed['error']) : packed['value']
}

/** An error as plain data. */
export function packError(error: Error): WireError {
  return {
    name: error.name,
    message: error.message,
    ...(error.stack !== undefined && { stack: error.stack }),
    ...(error instanceof LabError && { code: error.code }),
    ...(error.cause instanceof Error && { cause: packError(error.cause) })
  }
}

/** The inverse of `packError`: a `LabError` where there is a known code. */
export function unpackError(wire: WireError): Error {
  const options = wire.cause ? { cause: unpackError(wire.cause) } : undefined
  const error =
    wire.code !== undefined && isLabErrorCode(wire.code)
      ? new LabError(wire.code, wire.message, options)
      : new Error(wire.message, options)
  error.name = wire.name
  if (wire.stack !== undefined) error.stack = wire.stack
  return error
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

function isWireError(value: unknown): value is WireError {
  return isRecord(value) && typeof value['name'] === 'string' && typeof value['message'] === 'string'
}
