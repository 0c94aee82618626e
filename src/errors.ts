/** What can go wrong, as a closed set: the page maps each to one sentence and one action. */
export type LabErrorCode =
  | 'network'
  | 'checksum'
  | 'onnx'
  | 'graph'
  | 'adapter'
  | 'format'
  | 'device'
  | 'memory'
  | 'shape'
  | 'quota'
  | 'worker-lost'

/** An error that a user can act on. One line: what was expected, what came, the way out. */
export class LabError extends Error {
  readonly code: LabErrorCode

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LabError'
    this.code = code
  }
}

const codes: Readonly<Record<LabErrorCode, true>> = {
  network: true,
  checksum: true,
  onnx: true,
  graph: true,
  adapter: true,
  format: true,
  device: true,
  memory: true,
  shape: true,
  quota: true,
  'worker-lost': true
}

/** True for a code of the closed set, which a string from another thread may not be. */
export function isLabErrorCode(code: string): code is LabErrorCode {
  return Object.hasOwn(codes, code)
}

/** True for a cancelled call, which is never shown as a failure. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError'
}
