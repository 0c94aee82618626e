/** The prompt sets of a study on the command line: those that come with the lab, or files of the reader's own. */
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LabError } from '../../src/errors'
import { readPrompts } from '../../src/formats/prompts'
import type { StudyPrompt } from '../../src/study/run'
import { ownSizes } from '../../src/study/plan'
import type { SetName } from '../../src/study/settings'
import { studySet } from '../../src/study/files/prompt-sets'
import { mostGiven, readGiven } from '../../workers/host/given-file'

/** Loads a set by its name. @param own `SET=FILE`, each @throws LabError `format` */
export function promptLoader(own: readonly string[]): (set: SetName) => Promise<readonly StudyPrompt[]> {
  const files = new Map(own.map(split))
  return async (set) => {
    const path = files.get(set) ?? fileURLToPath(new URL(`../../public/models/prompts/${set}.jsonl`, import.meta.url))
    const bytes = await readGiven(path, mostGiven.text, 'a file of prompts')
    return studySet(set, readPrompts(basename(path), bytes).prompts)
  }
}

function split(option: string): readonly [string, string] {
  const [, set, path] = /^([^=]+)=(.+)$/.exec(option) ?? []
  const sets = Object.keys(ownSizes)
  if (set !== undefined && path !== undefined && sets.includes(set)) return [set, path]
  throw new LabError('format', `--prompts takes SET=FILE, SET one of ${sets.join(', ')}, got ${option}`)
}
