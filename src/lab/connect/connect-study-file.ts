/** An unfinished study in a file, unpacked in a worker that lives as long as it is read. */
import type { StudyFileApi } from '../journal/reader'
import { Line, webPort } from './line'
import { registerWire } from './wire'

/** Runs `work` with a reader of its own. @throws LabError `worker-lost` where the worker cannot be loaded, or runs out of memory */
export async function withStudyFile<Result>(work: (reader: StudyFileApi) => Promise<Result>): Promise<Result> {
  registerWire()
  // Written as one expression, by which Vite knows a worker.
  const worker = new Worker(new URL('../../../workers/study-file.ts', import.meta.url), {
    type: 'module',
    name: 'study-file'
  })
  const lost = (reason: string): string =>
    `the study could not be unpacked (${reason}): close other tabs, then try again`
  const line = new Line<StudyFileApi>(webPort(worker), lost, () => undefined)
  try {
    return await work({
      open: (file) => line.race((reader) => reader.open(file)),
      next: () => line.race((reader) => reader.next())
    })
  } finally {
    line.end('the file was read')
  }
}
