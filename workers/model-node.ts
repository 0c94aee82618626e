/** Worker entry in Node (worker_threads): one open model. */
import { parentPort } from 'node:worker_threads'
import { expose } from 'comlink'
import nodeEndpoint from 'comlink/dist/umd/node-adapter.js'
import type { ModelApi } from '../src/lab/api'
import { registerWire } from '../src/lab/wire'
import { Engine } from './engine'
import { nodeHost } from './host-node'

registerWire()
if (parentPort) expose(new Engine(nodeHost) satisfies ModelApi, nodeEndpoint(parentPort))
