/** What differs between the page and Node: the runtime, the devices, the files. One module a host implements this. */
import type * as Ort from 'onnxruntime-node'
import type { AdapterSource, Device, ModelSource, Progress } from '../../src/lab/api'

/** A session of ONNX Runtime, whichever host made it. */
export type Session = Ort.InferenceSession

/** A tensor of ONNX Runtime, whichever host made it. */
export type Tensor = Ort.Tensor

/** What makes tensors of the host's runtime. */
export type TensorConstructor = Ort.TensorConstructor

/** Weight bytes for a session: in memory, or left where they are when the host can map files. */
export interface Weights {
  readonly path: string
  readonly data: Uint8Array
}

/** A runtime on one device. */
export interface Runtime {
  readonly device: Device
  /** GPU vendor and architecture, or threads. */
  readonly deviceName: string
  readonly Tensor: TensorConstructor
  createSession(graph: Uint8Array, weights: readonly Weights[], options: SessionOptions): Promise<Session>
  /** Puts a tensor that is used many times where the device reads it without a copy. */
  upload(tensor: Tensor): Tensor
  /** A copy of these rows of a tensor, along its first axis and in this order, on the device that holds it. */
  take(tensor: Tensor, rows: readonly number[]): Promise<Tensor>
  /** Bytes that one tensor and all weights may take; Infinity where nothing is known. */
  readonly limits: { readonly buffer: number; readonly total: number }
  /** Rejects when the device is lost. */
  readonly lost: Promise<never>
  release(): Promise<void>
}

/** What a device is asked for; each ignores what is not its own. */
export interface RuntimeOptions {
  /** Of WebGPU: leave its feature `subgroups` out. */
  readonly withoutSubgroups: boolean
  /** Of the native CPU. */
  readonly threads?: number | undefined
}

/** How a session is created. */
export interface SessionOptions {
  /** Outputs that stay on the device: the KV cache. */
  readonly keepOnDevice: readonly string[]
  /** Where external weights are mapped from, instead of being passed in memory. */
  readonly folder?: string | undefined
}

/** The device to open a model on, and why. */
export interface DeviceOffer {
  readonly device: Device
  readonly half: boolean
  /** Why this one, or why not a better one, in one sentence. */
  readonly reason: string
}

/** One model's or adapter's files, by their path in the hub's layout. */
export interface ModelFiles {
  /** As in `ModelRef.id`. */
  readonly id: string
  readonly name: string
  /** Paths and sizes in bytes; a size is 0 where the source does not tell. */
  list(): Promise<ReadonlyMap<string, number>>
  /** @throws LabError `network`, `quota`, `format` */
  read(path: string, onProgress: (progress: Progress) => void): Promise<Uint8Array>
  /** Its size, and `length` bytes at every multiple of `stride`. */
  sample(path: string, stride: number, length: number): Promise<{ size: number; bytes: Uint8Array }>
  /**
   * A folder in which these files have these paths, where the runtime can map them from it; undefined where it cannot.
   * What is not on this machine is brought there first.
   */
  folder(paths: readonly string[], onProgress: (progress: Progress) => void): Promise<string | undefined>
}

/** What differs between a page and Node: files, storage, runtime. */
export interface Host {
  /** The devices that work here, best first. */
  offers(): Promise<readonly DeviceOffer[]>
  openRuntime(device: Device, options: RuntimeOptions): Promise<Runtime>
  files(source: ModelSource, onProgress: (progress: Progress) => void): Promise<ModelFiles>
  adapterFiles(
    source: AdapterSource,
    onProgress: (progress: Progress) => void,
    signal?: AbortSignal
  ): Promise<ModelFiles>
  /** Lets messages in (stop, steer) between two tokens. */
  breathe(): Promise<void>
}
