/** Prompt files that people bring: JSONL, JSON, CSV, TSV, YAML (the public evaluation files as they are), or one prompt a line. */
import { jsonRecords } from './prompts/json'
import { promptList, readPromptLines, textLines, textOf, type PromptList } from './prompts/list'
import { FileNotes } from './prompts/notes'
import type { PromptRecord } from './prompts/records'
import { tableRecords } from './prompts/table'
import { yamlRecords } from './prompts/yaml'
import { shortName } from './text'

export type { PromptMessage } from './prompts/messages'
export type { PromptRow } from './prompts/records'

/** The prompts of a file; its name's ending tells the format. @throws LabError `format`, with the line at fault */
export function readPrompts(name: string, file: string | Uint8Array): PromptList {
  const ending = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase()
  const short = shortName(name)
  if (ending === 'jsonl' || ending === 'ndjson') return readPromptLines(short, file)
  const notes = new FileNotes()
  return promptList(recordsOf(ending, short, textOf(short, file), notes), short, notes)
}

function recordsOf(ending: string | undefined, name: string, text: string, notes: FileNotes): readonly PromptRecord[] {
  if (ending === 'json') return jsonRecords(name, text, notes)
  if (ending === 'csv') return tableRecords(name, text, ',')
  if (ending === 'tsv') return tableRecords(name, text, '\t')
  if (ending === 'yaml' || ending === 'yml') return yamlRecords(name, text, notes)
  return textLines(name, text)
}
