import { proxy, transfer } from 'comlink'
import type { JobOptions, OnShare } from '../math'
import { Line, webPort, type Spawn, type WorkerPort } from './line'
import type { Recheck } from '../recheck-result'
import { registerWire } from './wire'

/** What the worker answers. */
export interface RecheckApi {
  /** Works out all that a bundle states once more. */
  check(bytes: Uint8Array<ArrayBuffer>, onShare: OnShare): Promise<Recheck>
}

/**
 * Checks a bundle in a worker of its own, which ends with it: the page stays free, and a fit waits for nothing.
 * @throws LabError what reading a bundle throws, `worker-lost`; `AbortError` when stopped
 */
export async function recheckBeside(
  bytes: Uint8Array<ArrayBuffer>,
  { signal, onShare }: JobOptions = {},
  spawn: Spawn = spawnBrowserWorker
): Promise<Recheck> {
  signal?.throwIfAborted()
  registerWire()
  const line = new Line<RecheckApi>(
    spawn(),
    (reason) => `the check stopped: ${reason}; try again`,
    () => undefined
  )
  const copy = bytes.slice()
  let stop: () => void = () => undefined
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal?.reason instanceof Error ? signal.reason : new DOMException('stopped', 'AbortError'))
    signal?.addEventListener('abort', stop)
  })
  try {
    const report = proxy((share: number) => onShare?.(share))
    const checked = line.race(({ check }) => check(transfer(copy, [copy.buffer]), report))
    return await Promise.race([checked, stopped])
  } finally {
    signal?.removeEventListener('abort', stop)
    line.end('the check has ended')
  }
}

function spawnBrowserWorker(): WorkerPort {
  return webPort(
    new Worker(new URL('../../../workers/recheck.ts', import.meta.url), { type: 'module', name: 'recheck' })
  )
}
