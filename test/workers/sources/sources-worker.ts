/** A worker with nothing but the sources, for test/browser/sources.spec.ts: a call in, its result out. */
import { defaultPatience } from '../../../workers/sources/limits'
import type { Progress } from '../../../src/lab/api'
import { deleteStored, listStored } from '../../../workers/stored/records'
import { webFiles } from '../../../workers/sources/sources'
import type { Call } from './sources-call'

const patience = { ...defaultPatience, tries: 3, backoff: 10, longestWait: 1000, stall: 2000 }

self.onmessage = ({ data, ports: [port] }: MessageEvent<Call>) => {
  answer(data).then(
    (value) => port?.postMessage({ value }),
    (error: unknown) => port?.postMessage({ error: describe(error) })
  )
}

async function answer(call: Call): Promise<unknown> {
  if (call.verb === 'stored') return listStored()
  if (call.verb === 'delete') return deleteStored(call.id)
  const controller = new AbortController()
  const cancelAt = call.verb === 'read' ? (call.cancelAt ?? Infinity) : Infinity
  const onProgress = ({ stage, done }: Progress): void => {
    if (stage === 'download' && done >= cancelAt) controller.abort()
  }
  const borne = (call.verb === 'read' && call.patience) || patience
  const files = await webFiles(call.source, onProgress, { patience: borne, signal: controller.signal })
  if (call.verb === 'list') return { id: files.id, paths: [...(await files.list()).keys()] }
  const sums: Record<string, string> = {}
  const began = performance.now()
  for (const path of call.paths) sums[path] = await sha256(await files.read(path, onProgress))
  return { id: files.id, sums, ms: performance.now() - began }
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes))
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return `${'code' in error && typeof error.code === 'string' ? error.code : error.name}: ${error.message}`
}
