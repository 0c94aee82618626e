/**
 * The model worker with eyes on the GPU: counts buffers that are alive, fails when it is told to, and ends without a word. A BroadcastChannel
 * asks it, since the worker's own messages are the engine's.
 */
import '../../workers/model'
import type { Count } from './count'

const sizes = new Map<GPUBuffer, number>()
let created = 0

/** Puts `then` behind a method: it gets the object, the arguments and the result of each call. */
function watch<Instance extends object, Name extends keyof Instance>(
  prototype: Instance,
  name: Name,
  then: (self: Instance, args: readonly unknown[], result: unknown) => void
): void {
  const original: unknown = prototype[name]
  if (typeof original !== 'function') throw new Error(`there is no ${String(name)}`)
  Object.defineProperty(prototype, name, {
    value(this: Instance, ...args: readonly unknown[]): unknown {
      const result: unknown = Reflect.apply(original, this, args)
      then(this, args, result)
      return result
    }
  })
}

watch(GPUDevice.prototype, 'createBuffer', (_, __, buffer) => {
  if (!(buffer instanceof GPUBuffer)) return
  sizes.set(buffer, buffer.size)
  created++
})
watch(GPUBuffer.prototype, 'destroy', (buffer) => sizes.delete(buffer))

/** Whether the worker ends at its next step of an answer, as one does that is out of memory: no event tells of it. */
let isMortal = false
watch(MessagePort.prototype, 'postMessage', () => {
  if (isMortal) self.close()
})

const channel = new BroadcastChannel('counting-worker')
channel.onmessage = ({ data }: MessageEvent<unknown>) => {
  if (data === 'count') {
    const bytes = [...sizes.values()].reduce((sum, size) => sum + size, 0)
    channel.postMessage({ live: sizes.size, bytes, created } satisfies Count)
  } else if (data === 'vanish') {
    isMortal = true
    channel.postMessage('heard')
  } else if (data === 'crash') {
    setTimeout(() => {
      throw new Error('the test ended this worker')
    })
  }
}
