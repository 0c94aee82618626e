/** First file of a worker thread in Node: lets it import TypeScript, then imports the entry it is given. */
import { workerData } from 'node:worker_threads'
import { register } from 'tsx/esm/api'

register()
await import(workerData.entry)
