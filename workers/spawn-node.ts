/** A model worker in a Node thread, for `connectModel` without a browser. */
import { Worker } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'
import type { WorkerPort } from '../src/lab/connect'
import { endMessage } from './end-message'

export function spawnNodeWorker(): WorkerPort {
  const entry = new URL('./model-node.ts', import.meta.url).href
  const worker = new Worker(new URL('./node-bootstrap.mjs', import.meta.url), { workerData: entry })
  return {
    endpoint: nodeEndpoint(worker),
    onLost(listener) {
      worker.once('error', (error) => listener(String(error)))
      worker.once('exit', (code) => listener(`it ended with code ${code}`))
    },
    // Not worker.terminate(): ONNX Runtime brings the whole process down when its thread ends during a run.
    terminate: () => worker.postMessage(endMessage)
  }
}
