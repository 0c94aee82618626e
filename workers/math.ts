/** Worker entry in the page: the numerics. */
import { expose } from 'comlink'
import { MathEngine, type MathApi } from '../src/lab/math'
import { holdLock } from '../src/lab/connect/held'
import { registerWire } from '../src/lab/connect/wire'

registerWire()
holdLock()
expose(new MathEngine() satisfies MathApi)
