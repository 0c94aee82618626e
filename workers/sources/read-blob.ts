/** Reads blobs, stored files or files a person chose, without a second copy. */
import { excerpt, LabError } from '../../src/errors'
import type { StoredFile } from '../stored/disk'
import { throwIfAborted } from './request'
import { allocate } from '../stored/sink'

/** Bytes in one read: large enough for a disk's full speed, small beside a model. */
const piece = 1 << 24

/**
 * The whole blob, allocated once.
 * @throws LabError `memory`, `format` when the file is gone or was changed; AbortError
 */
export async function readBlob(
  blob: StoredFile,
  path: string,
  onDone: (done: number) => void,
  signal?: AbortSignal
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = allocate(blob.size)
  let at = 0
  for await (const part of pieces(blob, path, signal)) {
    bytes.set(part, at)
    at += part.length
    onDone(at)
  }
  return bytes
}

/** The blob in order, a piece at a time. */
export async function* pieces(blob: StoredFile, path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < blob.size; at += piece) {
    throwIfAborted(signal)
    yield await slice(blob, path, at, at + piece)
  }
}

/** `length` bytes at every multiple of `stride`, as `ModelFiles.sample` wants them. */
export async function sampleBlob(
  blob: StoredFile,
  path: string,
  stride: number,
  length: number
): Promise<{ size: number; bytes: Uint8Array }> {
  const bytes = new Uint8Array(Math.ceil(blob.size / stride) * length)
  for (let i = 0; i * stride < blob.size; i++)
    bytes.set(await slice(blob, path, i * stride, i * stride + length), i * length)
  return { size: blob.size, bytes }
}

async function slice(blob: StoredFile, path: string, from: number, to: number): Promise<Uint8Array> {
  try {
    return new Uint8Array(await blob.slice(from, to).arrayBuffer())
  } catch (cause) {
    const text = `${excerpt(path)} could not be read (${excerpt(cause)}), it was moved or changed since it was chosen: choose it again`
    throw new LabError('format', text, { cause })
  }
}
