/** A model worker in a Node thread, for `connectModel` without a browser. */
import { Worker } from 'node:worker_threads'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'
import type { WorkerPort } from '../src/lab/connect/connect'
import { endMessage } from './end-message'
import { isAtRest, newRuns, type Runs } from './host/runs-node'

/** How often a worker that was told to end is looked at, in milliseconds. */
const lookMs = 500
/** As many looks in a row at which it neither ran the runtime nor began to. */
const looks = 6

/** A model worker in a thread of Node. */
export function spawnNodeWorker(): WorkerPort {
  const entry = new URL('./model-node.ts', import.meta.url).href
  const runs = newRuns()
  const worker = new Worker(new URL('./node-bootstrap.mjs', import.meta.url), { workerData: { entry, runs } })
  return {
    endpoint: nodeEndpoint(worker),
    onLost(listener) {
      worker.once('error', (error) => listener(String(error)))
      worker.once('exit', (code) => listener(`it ended with code ${code}`))
    },
    // Not worker.terminate() at once: ONNX Runtime brings the whole process down when its thread ends during a run.
    terminate() {
      worker.postMessage(endMessage)
      terminateStuck(worker, runs)
    }
  }
}

/** Ends a thread that does not hear that it should end: one in a loop of its own, not one that waits for the runtime. */
function terminateStuck(worker: Worker, runs: Runs): void {
  let rest = 0
  const timer = setInterval(() => {
    rest = isAtRest(runs) ? rest + 1 : 0
    if (rest >= looks) void worker.terminate()
  }, lookMs)
  worker.once('exit', () => clearInterval(timer))
}
