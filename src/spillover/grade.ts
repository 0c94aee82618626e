/** What each line of an answer looks like by itself. */
import { isSentence, type Line } from './lines'
import { statementReader, type Statement } from './python'
import { rules, type Rule } from './rules'

/** `strong` is code, `weak` is code beside code, `none` is not code. */
export interface Grade {
  readonly grade: 'strong' | 'weak' | 'none' | 'blank'
  readonly language: string | null
  /** The rule that was met, in words for a reader. */
  readonly reason: string
}

const blank: Grade = { grade: 'blank', language: null, reason: 'blank' }
const none: Grade = { grade: 'none', language: null, reason: 'no sign of code' }

/** Grades every line; a statement of Python over several lines gets one grade. */
export function gradesOf(lines: readonly Line[]): readonly Grade[] {
  const grades: Grade[] = []
  const read = statementReader()
  while (grades.length < lines.length) grades.push(...gradeFrom(lines, grades, read))
  return grades
}

/** The grades of the line after `before`, and of the lines that belong to it. */
function gradeFrom(
  lines: readonly Line[],
  before: readonly Grade[],
  read: ReturnType<typeof statementReader>
): readonly Grade[] {
  const start = before.length
  const line = lines[start]
  if (!line || line.text === '') return [blank]
  if (line.place === 'marker') return [fenceGrade(line)]
  if (line.place === 'tagged') return [{ grade: 'strong', language: line.language, reason: 'fenced block' }]
  let statement: Statement | null = null
  for (const rule of rules) {
    if (!rule.pattern.test(line.text)) continue
    if (!rule.parse) return [gradeOf(rule)]
    statement ??= read(lines, start)
    const grades = statementGrades(statement, rule)
    if (grades.length > 0) return grades
  }
  return [looks(line, before)]
}

/** A fence that names a language is code by itself; one that names none is what its content is. */
function fenceGrade({ language }: Line): Grade {
  return { grade: language === null ? 'weak' : 'strong', language, reason: 'fence' }
}

function gradeOf(rule: Rule): Grade {
  return { grade: rule.strong ? 'strong' : 'weak', language: rule.language, reason: rule.name }
}

/** The statement's lines as far as Python's parser takes them: weak where it does not take them all. */
function statementGrades({ lines, taken }: Statement, rule: Rule): readonly Grade[] {
  const grade = taken === lines.length ? gradeOf(rule) : { ...gradeOf(rule), grade: 'weak' as const }
  return lines.slice(0, taken).map((line) => (line.text === '' ? blank : grade))
}

/** A list item, a quotation, a heading, a table row, a link, or words with code in them. */
const markdown = /^([-*+>|]|#+)[ \t]|`|\]\(/

/** A line that no rule knows: weak where it stands under code, has the punctuation of code, or is where the answer was cut. */
function looks(line: Line, before: readonly Grade[]): Grade {
  if (isSentence(line.text) || markdown.test(line.text)) return none
  const above = before.findLast(({ grade }) => grade !== 'blank')
  const isUnderCode = above !== undefined && above.grade !== 'none'
  const weak = (reason: string): Grade => ({ grade: 'weak', language: above?.language ?? null, reason })
  if (/[(){}[\]=;<>_].*[(){}[\]=;<>_]/.test(line.text)) return weak('punctuation of code')
  if (isUnderCode && line.indent >= 2) return weak('indented under code')
  if (isUnderCode && line.last && !/[.!?]$/.test(line.text)) return weak('cut')
  return none
}
