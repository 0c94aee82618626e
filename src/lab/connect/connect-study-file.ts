/** An unfinished study in a file, unpacked in a worker that lives as long as it is read. */
import type { StudyFileApi } from '../journal/reader'
import { withReader, type Ready } from './connect-files'
import { webPort, type Spawn, type WorkerPort } from './line'

/** Milliseconds for unpacking, and for each cell: what the page does between two cells does not count. */
const budget = 120_000

/**
 * Runs `work` with a reader of its own.
 * @throws LabError `format` where unpacking takes too long, `worker-lost` where the worker cannot be loaded, or runs out of memory
 */
export function withStudyFile<Result>(
  work: (reader: StudyFileApi) => Promise<Result>,
  { spawn = spawnStudyWorker, ms = budget }: { readonly spawn?: Spawn; readonly ms?: number } = {}
): Promise<Result> {
  const wayOut = 'close other tabs and try again, or go on with the study where it is'
  return withReader<StudyFileApi & Ready, Result>({ name: 'the unfinished study', ms, wayOut, spawn }, (ask) =>
    work({ open: (file) => ask((reader) => reader.open(file)), next: () => ask((reader) => reader.next()) })
  )
}

function spawnStudyWorker(): WorkerPort {
  // Written as one expression, by which Vite knows a worker.
  return webPort(
    new Worker(new URL('../../../workers/study-file.ts', import.meta.url), { type: 'module', name: 'study-file' })
  )
}
