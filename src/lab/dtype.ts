import type { Device, Dtype } from './api'

/** The formats of weights that the engine opens, the smallest first. */
export const dtypes = ['q4', 'q4f16', 'q8', 'fp16', 'fp32'] as const satisfies readonly Dtype[]

/** Where a model can run. */
export const devices = ['webgpu', 'wasm', 'cpu'] as const satisfies readonly Device[]

/** Whether a text names one of `dtypes`. */
export const isDtype = (text: string): text is Dtype => dtypes.some((dtype) => dtype === text)
