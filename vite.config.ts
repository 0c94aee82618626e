/// <reference types="vitest/config" />
import { availableParallelism } from 'node:os'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defaultClientConditions, defineConfig } from 'vite'
import { docs } from './scripts/docs-plugin.mjs'
import { isolationHeaders } from './scripts/headers.mjs'
import { site } from './scripts/site-plugin.mjs'

export default defineConfig({
  base: './',
  plugins: [svelte(), docs(), site()],
  // transformers.js brings the WebGPU runtime along with its tokenizers, so importing it late gains nothing: not worth a warning.
  worker: { format: 'es', rolldownOptions: { checks: { ineffectiveDynamicImport: false, pluginTimings: false } } },
  // ONNX Runtime's WebAssembly stays in files of its own, which workers/ name by `?url`: one copy, and its threads do not run our worker again.
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    // The runtime is 27 MB; its gzip size would only cost build time.
    reportCompressedSize: false,
    rolldownOptions: {
      checks: { pluginTimings: false },
      input: { index: 'index.html', 'service-worker': 'src/service-worker.ts' },
      output: {
        entryFileNames: ({ name }) => (name === 'service-worker' ? '[name].js' : 'assets/[name]-[hash].js')
      }
    }
  },
  server: { host: '127.0.0.1', headers: isolationHeaders },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/browser/**'],
    environment: 'node',
    // One more than vitest would take: half of a machine with two cores would wait otherwise.
    maxWorkers: availableParallelism(),
    // A guard against hanging, not a measure of speed: a busy machine takes twenty times as long as an idle one.
    testTimeout: 240_000,
    hookTimeout: 240_000
  }
})
