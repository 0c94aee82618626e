/** Worker entry in the page: one open model. */
import { expose } from 'comlink'
import type { ModelApi } from '../src/lab/api'
import { holdLock } from '../src/lab/connect/held'
import { registerWire } from '../src/lab/connect/wire'
import { Engine } from './engine'
import { webHost } from './host/host-web'

registerWire()
holdLock()
expose(new Engine(webHost) satisfies ModelApi)
