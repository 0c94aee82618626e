import { defineConfig } from 'vitest/config'
import { folders } from './folders.mjs'

/** The tests of the folder that scripts/tests/mutate.mjs is at, without what the page needs. */
export default defineConfig({
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm'] },
  test: {
    include: folders[process.env['AZIMUTH_MUTATE'] ?? '']?.tests ?? [],
    environment: 'node',
    testTimeout: 240_000,
    hookTimeout: 240_000
  }
})
