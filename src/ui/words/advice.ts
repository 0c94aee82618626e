import { LabError, type LabErrorCode } from '../../errors'

/** What pressing the button does; each place that shows an error offers what it can do. */
export type Remedy = 'retry' | 'wasm' | 'smaller' | 'models' | 'prompts' | 'fit' | 'adapter'

/** One sentence and one action for an error. Its message goes in the details. */
export interface Advice {
  readonly sentence: string
  readonly action: string
  readonly remedy: Remedy
}

const advice: Record<LabErrorCode, Advice> = {
  network: { sentence: 'The files could not be fetched.', action: 'Try again', remedy: 'retry' },
  checksum: { sentence: 'A file is damaged or cut short.', action: 'Try again', remedy: 'retry' },
  onnx: { sentence: 'This device could not run the graph.', action: 'Open on WebAssembly', remedy: 'wasm' },
  graph: {
    sentence: 'The graph is not a chat model that can be read and steered here.',
    action: 'Choose another model',
    remedy: 'models'
  },
  adapter: { sentence: 'The adapter does not belong to this model.', action: 'Choose another model', remedy: 'models' },
  format: { sentence: 'A file is not what it should be.', action: 'Choose another model', remedy: 'models' },
  device: { sentence: 'The device failed or gave unusable numbers.', action: 'Open on WebAssembly', remedy: 'wasm' },
  memory: { sentence: 'The model does not fit in memory.', action: 'Open with 4-bit weights', remedy: 'smaller' },
  shape: {
    sentence: 'The prompts, the direction and the model do not fit together.',
    action: 'Edit the prompts',
    remedy: 'prompts'
  },
  quota: {
    sentence: 'The browser has no room left for the files: delete a model that it keeps (see Models), then try again.',
    action: 'Try again',
    remedy: 'retry'
  },
  'worker-lost': { sentence: 'The thread that held the model ended.', action: 'Open it again', remedy: 'retry' }
}

/** What to tell about an error, by its code. */
export function adviceFor(error: Error): Advice {
  if (error instanceof LabError) return advice[error.code]
  return {
    sentence: 'This did not work, for a reason that Azimuth does not know.',
    action: 'Try again',
    remedy: 'retry'
  }
}

/** The same for a file of directions; it can be chosen again. */
export function importAdvice(error: Error): Advice {
  const isKnown = error instanceof LabError
  const sentence =
    isKnown && error.code === 'shape'
      ? `Not imported: ${error.message}.`
      : 'This file holds no directions that can be read here.'
  return { sentence: isKnown ? sentence : adviceFor(error).sentence, action: 'Choose another file', remedy: 'retry' }
}

/** The same for an adapter that was to be attached; the model goes on without it. */
export function adapterAdvice(error: Error): Advice {
  const { sentence, action, remedy } = adviceFor(error)
  if (remedy === 'retry') return { sentence, action, remedy }
  const isFile = error instanceof LabError && error.code === 'format'
  return {
    sentence: isFile ? 'This is no adapter that can be read here.' : 'This adapter cannot be attached to this model.',
    action: 'Choose another adapter',
    remedy: 'adapter'
  }
}
