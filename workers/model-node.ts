/** Worker entry in Node (worker_threads): one open model. */
import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'
import type { ModelApi } from '../src/lab/api'
import { registerWire } from '../src/lab/connect/wire'
import { isEndMessage } from './end-message'
import { Engine } from './engine'
import { nodeHost } from './host/host-node'

registerWire()
const engine = new Engine(nodeHost)
if (parentPort) {
  expose(engine satisfies ModelApi, nodeEndpoint(parentPort))
  parentPort.on('message', (message: unknown) => {
    if (isEndMessage(message)) void engine.close().finally(() => process.exit())
  })
}
