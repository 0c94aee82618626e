/** The readers in the thread that they are called in: for a worker, for Node and for tests. */
import { readAnyDirections } from '../../direction/files/import'
import { readHiddenStates } from '../../direction/files/hidden-files'
import { readPromptFile } from '../../formats/prompts/file'
import { readBundle } from '../../study/files/bundle'
import { unpackSession } from '../session/session-files'
import { kindOf } from './file-kind'
import type { FileReaders } from './readers'

export const readersHere: FileReaders = {
  kind: kindOf,
  prompts: ({ name, bytes }) => readPromptFile(name, bytes),
  directions: readAnyDirections,
  capture: async (files) => readHiddenStates(files),
  session: unpackSession,
  bundle: readBundle
}
