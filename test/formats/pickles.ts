/** Pickles written by hand, as an attacker would: each function gives the bytes of one operation. */

const bytes = (...parts: readonly (number | string | Uint8Array)[]): Uint8Array<ArrayBuffer> =>
  new Uint8Array(
    Buffer.concat(
      parts.map((part) =>
        typeof part === 'string' ? Buffer.from(part) : Buffer.from(typeof part === 'number' ? [part] : part)
      )
    )
  )

const uint32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer)

/** A whole pickle of protocol 2. */
export const pickle = (...parts: readonly (string | Uint8Array)[]): Uint8Array<ArrayBuffer> =>
  bytes(0x80, 2, ...parts, '.')
/** `module.name`, to be imported. */
export const global = (module: string, name: string): string => `c${module}\n${name}\n`
export const text = (value: string): Uint8Array => bytes('X', uint32(Buffer.byteLength(value)), value)
export const int = (value: number): Uint8Array => bytes('J', new Uint8Array(Int32Array.of(value).buffer))
export const tuple = (...parts: readonly (string | Uint8Array)[]): Uint8Array => bytes('(', ...parts, 't')
/** Calls what stands before it. */
export const call = (name: string, ...parts: readonly (string | Uint8Array)[]): Uint8Array =>
  bytes(name, tuple(...parts), 'R')

export interface TensorAsked {
  readonly offset?: number
  readonly shape: readonly number[]
  readonly strides: readonly number[]
  readonly count?: number
  readonly key?: string
  readonly type?: string
}

/** What PyTorch writes for a tensor. */
export function tensor({
  offset = 0,
  shape,
  strides,
  count = 4,
  key = '0',
  type = 'FloatStorage'
}: TensorAsked): Uint8Array {
  const storage = bytes(tuple(text('storage'), global('torch', type), text(key), text('cpu'), int(count)), 'Q')
  const numbers = (values: readonly number[]): Uint8Array => tuple(...values.map(int))
  const rebuild = global('torch._utils', '_rebuild_tensor_v2')
  return call(
    rebuild,
    storage,
    int(offset),
    numbers(shape),
    numbers(strides),
    Uint8Array.of(0x89),
    call(global('collections', 'OrderedDict'))
  )
}
