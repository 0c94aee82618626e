import type { Dtype } from './api'

/** The formats of weights that the engine opens, the smallest first. */
export const dtypes = ['q4', 'q4f16', 'q8', 'fp16', 'fp32'] as const satisfies readonly Dtype[]

/** Whether a text names one of `dtypes`. */
export const isDtype = (text: string): text is Dtype => dtypes.some((dtype) => dtype === text)
