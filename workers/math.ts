/** Worker entry in the page: the numerics. */
import { expose } from 'comlink'
import { MathEngine, type MathApi } from '../src/lab/math'
import { registerWire } from '../src/lab/wire'

registerWire()
expose(new MathEngine() satisfies MathApi)
