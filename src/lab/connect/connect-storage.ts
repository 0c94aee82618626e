/** The stored models, asked for through a worker that lives as long as one question. */
import type { Remote } from 'comlink'
import type { StorageApi } from '../api'
import { Line, webPort } from './line'
import { registerWire } from './wire'

export function connectStorage(): StorageApi {
  registerWire()
  return {
    stored: () => ask((storage) => storage.stored()),
    remove: (id) => ask((storage) => storage.remove(id))
  }
}

/** @throws LabError `worker-lost` where the worker cannot be loaded */
async function ask<Answer>(question: (storage: Remote<StorageApi>) => Promise<Answer>): Promise<Answer> {
  const worker = new Worker(new URL('../../../workers/storage.ts', import.meta.url), {
    type: 'module',
    name: 'storage'
  })
  const lost = (reason: string): string => `the stored models could not be listed (${reason}): reload the page`
  const line = new Line<StorageApi>(webPort(worker), lost, () => undefined)
  try {
    return await line.race(question)
  } finally {
    line.end('the question was answered')
  }
}
