/** What a contestant in the browser is told, and can do. */
import type { Dtype, Steering } from '../../src/lab/api'
import type { WriteLevel } from '../../src/onnx/plan'
import type { CacheShape } from '../../src/onnx/cache'
import type { Timing } from './decoder'

export type WebDevice = 'wasm' | 'webgpu'

export interface Contestant {
  readonly who: 'ours' | 'transformers.js' | 'untouched'
  readonly device: WebDevice
  /** Name of the model below /models/. */
  readonly model: string
  readonly dtype: Dtype
  /** `ours`: what the graph gains, and what steers it. */
  readonly write?: WriteLevel
  readonly steering?: Steering
  /** The others than us: sizes of the cache. */
  readonly cache: CacheShape
  /** `untouched`: the graph's file. */
  readonly graph?: string
}

export interface WebContestant {
  open(contestant: Contestant): Promise<void>
  decode(prompt: readonly number[], tokens: number): Promise<Timing>
}
