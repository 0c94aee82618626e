/** Threads for ONNX Runtime's WASM: what our host takes, so that all contestants have the same. */
export const wasmThreads = (): number => (self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency) : 1)
