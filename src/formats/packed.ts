/** Bytes as text that an address can hold: raw deflate, then base64 with the letters of addresses. */
import { deflateSync, Inflate } from 'fflate'
import { LabError } from '../errors'
import { joined } from './bytes'

/** Short for what repeats itself, and never longer than 4/3 of the bytes and a few. */
export function packBytes(bytes: Uint8Array): string {
  const packed = deflateSync(bytes, { level: 9 })
  let binary = ''
  for (const byte of packed) binary += String.fromCharCode(byte)
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}

/**
 * The bytes of `packBytes`.
 * @param most bytes that may come out
 * @throws LabError `format` for a text that was cut or changed, `memory` beyond the limit
 */
export function unpackBytes(text: string, most: number): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = []
  let size = 0
  let isWhole = false
  const inflate = new Inflate((part, final) => {
    isWhole ||= final
    size += part.length
    if (size > most) throw new LabError('memory', `the text unpacks to more than ${most} bytes: is it what it claims?`)
    parts.push(part)
  })
  try {
    const packed = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0))
    // Piece by piece, so that no text takes more memory than it may.
    for (let at = 0; at < packed.length; at += 4096) {
      inflate.push(packed.subarray(at, at + 4096), at + 4096 >= packed.length)
    }
  } catch (cause) {
    if (cause instanceof LabError) throw cause
    throw damaged(cause)
  }
  if (!isWhole) throw damaged()
  return joined(parts)
}

const damaged = (cause?: unknown): LabError =>
  new LabError('format', 'a packed part was cut or changed on its way: copy it whole', { cause })
