import { LabError } from '../../errors'
import { Line, webPort, type Spawn, type WorkerPort } from './line'
import { mathHandle, type MathApi, type MathHandle } from '../math'
import { registerWire } from './wire'

/** Connects to the math worker, which starts with the first call, and again with the next one after it was lost. */
export function connectMath(spawn: Spawn = spawnBrowserWorker): MathHandle & { terminate(): void } {
  registerWire()
  let line: Line<MathApi> | null = null
  let ended = false
  const current = (): Line<MathApi> => {
    if (ended) throw new LabError('worker-lost', 'the math worker was ended; reload the page')
    const lost = (reason: string): string => `the math worker stopped: ${reason}; try again`
    return (line ??= new Line<MathApi>(spawn(), lost, () => (line = null)))
  }
  return {
    ...mathHandle(
      async (call) => current().race((remote) => call(remote)),
      async (call) => line?.cancel((remote) => call(remote), 'the math worker did not stop in time; try again')
    ),
    terminate() {
      ended = true
      line?.end('the math worker was ended; reload the page')
    }
  }
}

function spawnBrowserWorker(): WorkerPort {
  return webPort(new Worker(new URL('../../../workers/math.ts', import.meta.url), { type: 'module', name: 'math' }))
}
