import { LabError } from '../../errors'
import { quoted } from '../../formats/text'

/** Larger files are not fetched. */
const largest = 2 ** 30

/**
 * The bytes of a session file at an address of the web, from the page's own place on where it is relative.
 * @throws LabError `network` where it cannot be had, `memory` where it is too large
 */
export async function fetchSession(
  base: string,
  address: string,
  get: typeof fetch = fetch
): Promise<Uint8Array<ArrayBuffer>> {
  const url = URL.canParse(address, base) ? new URL(address, base) : null
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new LabError('network', `${quoted(address)} is no address of the web: ask for the session file itself`)
  }
  const response = await get(url, { credentials: 'omit' }).catch((cause: unknown) => {
    throw new LabError('network', `${url.host} did not give the session to this page: download it and drop it here`, {
      cause
    })
  })
  if (!response.ok) {
    throw new LabError('network', `${url.host} answered ${response.status} for the session: ask for the file itself`)
  }
  if (Number(response.headers.get('content-length') ?? 0) > largest) {
    throw new LabError('memory', `the session at ${url.host} is larger than ${largest} bytes: is it one?`)
  }
  return new Uint8Array(await response.arrayBuffer())
}
