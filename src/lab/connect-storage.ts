/** The stored models, asked for through a worker that lives as long as one question. */
import { wrap, type Remote } from 'comlink'
import { LabError } from '../errors'
import type { StorageApi } from './api'
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
  const worker = new Worker(new URL('../../workers/storage.ts', import.meta.url), { type: 'module', name: 'storage' })
  try {
    return await new Promise<Answer>((resolve, reject) => {
      worker.addEventListener('error', ({ message }) =>
        reject(new LabError('worker-lost', `the stored models could not be listed (${message}): reload the page`))
      )
      question(wrap<StorageApi>(worker)).then(resolve, reject)
    })
  } finally {
    worker.terminate()
  }
}
