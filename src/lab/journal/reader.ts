/** An unfinished study in a file, read cell by cell: unpacked off the page's thread, and never all of it in the page at once. */
import { LabError } from '../../errors'
import { fieldsOf } from '../../formats/fields'
import type { StudyCell } from './lines'
import { readJournalZip } from './zip'

/** What the reader of such files answers. Lives in a worker, one file each. */
export interface StudyFileApi {
  /**
   * What the study was asked, and when it began; null for a zip that is no unfinished study.
   * @throws LabError `format`, `checksum`, `memory`
   */
  open(file: Blob): Promise<{ readonly settings: unknown; readonly started: unknown } | null>
  /** The next cell with its key, in the order of the file; null after the last. */
  next(): Promise<readonly [string, StudyCell] | null>
}

/** Reads in this thread. */
export function studyFileReader(): StudyFileApi {
  const waiting: (readonly [string, StudyCell])[] = []
  return {
    async open(file) {
      const cells = await readJournalZip(file)
      if (!cells) return null
      const head = fieldsOf(cells.get('study')?.json)
      if (!head.has('settings')) {
        throw new LabError('format', 'the zip has cells of a study, and not what it was asked: save the study again')
      }
      waiting.push(...[...cells].reverse())
      return { settings: head.get('settings'), started: head.get('started') }
    },
    next: async () => waiting.pop() ?? null
  }
}
