/** The readers of the files that people bring, as the page has them: each reading runs in a worker of its own, within a budget. */
import type { NamedFile, ReadDirections } from '../../direction/files/files'
import type { HiddenStates } from '../../direction/hidden-states'
import type { PromptList } from '../../formats/prompts/list'
import type { Bundle } from '../../study/files/bundle'
import type { Answer } from '../../study/run'
import { inPieces, moved, readBeside, type Ready } from '../../lab/connect/connect-files'
import type { SessionContents } from '../session/session-files'
import type { DroppedFiles, FileKind } from './file-kind'

/** What the page asks of them. @throws LabError `format` and `memory` where a file takes too much; what its reader throws */
export interface FileReaders {
  /** What dropped files are. */
  kind(dropped: DroppedFiles): Promise<FileKind>
  /** Prompts in any format. */
  prompts(file: NamedFile): Promise<PromptList>
  /** Directions of Azimuth or of other programs, from one file, or an npy file and its JSON. */
  directions(files: readonly NamedFile[]): Promise<ReadDirections>
  /** Hidden states, from the same kinds of files. */
  capture(files: readonly NamedFile[]): Promise<HiddenStates>
  session(file: Blob): Promise<SessionContents>
  /** A finished run. */
  bundle(bytes: Uint8Array<ArrayBuffer>): Promise<Bundle>
}

type Rows = PromptList['prompts']

/** What the worker answers: the same, but that long lists come piece by piece, so that no message holds the page up. */
export interface FilesApi extends Omit<FileReaders, 'prompts' | 'bundle'>, Ready {
  /** Resolves to the notes, after the last piece. */
  prompts(file: NamedFile, onRows: (rows: Rows) => void): Promise<PromptList['notes']>
  /** Resolves to the bundle without the answers of its run, after the last piece of them. */
  bundle(bytes: Uint8Array<ArrayBuffer>, onAnswers: (answers: readonly Answer[]) => void): Promise<Bundle>
}

/** Milliseconds that a reading may take: of a single file, and of what is a whole folder of them. */
const budget = { file: 30_000, archive: 120_000 } as const

/** The readers in workers. The bytes of single files are gone from the page afterwards: each is read once. */
export function connectReaders(): FileReaders {
  return {
    kind: (dropped) => one(dropped.name, budget.archive, async (readers) => await readers.kind(dropped)),
    prompts: (file) =>
      one(file.name, budget.file, async (readers) => {
        const rows = inPieces<Rows[number]>()
        const notes = await readers.prompts(moved(file), rows.take)
        return { prompts: rows.all(), notes }
      }),
    directions: (files) => one(nameOf(files), budget.file, async (readers) => await readers.directions(moved(files))),
    capture: (files) => one(nameOf(files), budget.file, (readers) => readers.capture(moved(files))),
    session: (file) => one('the session', budget.archive, (readers) => readers.session(file)),
    bundle: (bytes) =>
      one('the run', budget.archive, async (readers) => {
        const answers = inPieces<Answer>()
        const bundle = await readers.bundle(bytes, answers.take)
        return { ...bundle, run: { ...bundle.run, answers: answers.all() } }
      })
  }
}

const nameOf = (files: readonly NamedFile[]): string => files[0]?.name ?? ''

const one = <Result>(
  name: string,
  ms: number,
  read: Parameters<typeof readBeside<FilesApi, Result>>[1]
): Promise<Result> => readBeside<FilesApi, Result>({ name, ms }, read)
