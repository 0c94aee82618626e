/** Worker entry in the page: one open model. */
import { expose } from 'comlink'
import type { ModelApi } from '../src/lab/api'
import { registerWire } from '../src/lab/wire'
import { Engine } from './engine'
import { webHost } from './host/host-web'

registerWire()
expose(new Engine(webHost) satisfies ModelApi)
