/** A thread that fuzzes one reader and says where it is, so that one that hangs can be ended and gone past. */
import { parentPort, workerData } from 'node:worker_threads'
import { fuzz } from './fuzz'
import { readers } from './readers'

/** What the thread is given: `place` [the input under way, whether it has begun]. */
export interface Task {
  readonly reader: string
  readonly n: number
  readonly seed: number
  readonly from: number
  readonly place: Int32Array<SharedArrayBuffer>
}

function isTask(data: unknown): data is { readonly task: Task } {
  return typeof data === 'object' && data !== null && 'task' in data
}

const data: unknown = workerData
if (isTask(data)) {
  const { reader: name, place, ...options } = data.task
  const reader = readers[name]
  if (reader) {
    const counts = await fuzz(reader, {
      ...options,
      onInput: (index) => Atomics.store(place, 0, index),
      onTrouble: (trouble) => parentPort?.postMessage({ trouble })
    })
    parentPort?.postMessage({ counts })
  }
}
