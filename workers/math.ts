/** Worker entry in the page: the numerics. */
import { expose } from 'comlink'
import { MathEngine, type MathApi } from '../src/lab/math'
import { holdLock } from '../src/lab/held'
import { registerWire } from '../src/lab/wire'

registerWire()
holdLock()
expose(new MathEngine() satisfies MathApi)
