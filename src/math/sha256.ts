/** SHA-256, by the platform. */

/** Of all the bytes. */
export async function digest(bytes: Uint8Array): Promise<Uint8Array> {
  // SubtleCrypto refuses views on shared memory; weights may lie there.
  const plain =
    bytes.buffer instanceof ArrayBuffer
      ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length)
      : new Uint8Array(bytes)
  return new Uint8Array(await crypto.subtle.digest('SHA-256', plain))
}

/** The same in hex. */
export async function sha256(bytes: Uint8Array): Promise<string> {
  return [...(await digest(bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
