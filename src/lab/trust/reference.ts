/** The trusted path beside a device that is tested: the same model in a worker of its own, for as long as the test takes. */
import type { ModelInfo, ModelSource } from '../api'
import type { ModelHandle } from '../connect/connect'
import { isDtype } from '../dtype'
import { probe, probeLong, type LongProbe, type Probe } from './probe'

/** `cpu` in Node. */
export type TrustedDevice = 'wasm' | 'cpu'

/** The same files on the trusted device, int4 weights as they are. @throws LabError as `open` does */
export async function openReference(
  handle: ModelHandle,
  source: ModelSource,
  info: ModelInfo,
  device: TrustedDevice,
  forget: (handle: ModelHandle) => void
): Promise<ModelHandle> {
  try {
    await handle.open(source, { device, keepInt4: true, ...(isDtype(info.dtype) && { dtype: info.dtype }) })
    return handle
  } catch (error) {
    handle.terminate()
    forget(handle)
    throw error
  }
}

/** The trusted path's numbers for the same files, asked for as they are needed; a worker of its own holds them. */
export class Reference {
  readonly #open: () => Promise<ModelHandle>
  readonly #forget: (handle: ModelHandle) => void
  #handle: Promise<ModelHandle> | null = null
  #short: Promise<Probe> | null = null
  #long: Promise<LongProbe> | null = null

  /** @param forget called when the worker has ended */
  constructor(open: () => Promise<ModelHandle>, forget: (handle: ModelHandle) => void) {
    this.#open = open
    this.#forget = forget
  }

  /** The short prompts. */
  short(vocabulary: number): Promise<Probe> {
    this.#handle ??= this.#open()
    return (this.#short ??= this.#handle.then((handle) => probe(handle, vocabulary)))
  }

  /** A long one. */
  long(vocabulary: number, tokens: number): Promise<LongProbe> {
    this.#handle ??= this.#open()
    return (this.#long ??= this.#handle.then((handle) => probeLong(handle, vocabulary, tokens)))
  }

  /** Ends the worker; what it has computed is still known. */
  async end(): Promise<void> {
    const handle = await this.#handle?.catch(() => null)
    handle?.terminate()
    if (handle) this.#forget(handle)
  }
}
