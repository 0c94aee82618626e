/** Is this answer code? Deterministic and versioned; docs/spillover.md says what counts and how well it was measured. */
import { gradesOf, type Grade } from './grade'
import { linesOf, type Line } from './lines'
import { detectorVersion } from './rules'

export interface DetectorOptions {
  /** Share of the characters from which an answer is mostly code. Default 0.5. */
  readonly share?: number
  /** Lines of code in a row from which an answer holds a block of code, whatever else it says. Default 3. */
  readonly block?: number
}

/** One line of the answer, and why it counts. */
export interface LineVerdict {
  /** Place in the answer, in UTF-16 units, the line break left out. */
  readonly from: number
  readonly to: number
  readonly isCode: boolean
  /** Of code: `python`, `sql` ...; `any` where it could be several. */
  readonly language: string | null
  /** The rule that was met. */
  readonly reason: string
}

export interface Verdict {
  readonly version: string
  readonly isCode: boolean
  /** Code, and most of it Python: what was tested most. */
  readonly isPython: boolean
  /** Share of the answer's characters, white space left out, that lie in lines of code: 0 to 1. */
  readonly share: number
  /** Lines of code in the longest run of them, blank lines and fences left out. */
  readonly block: number
  readonly lines: readonly LineVerdict[]
}

/** True where code makes up half of an answer or more, or 3 lines in a row. */
export function isCode(answer: string): boolean {
  return detect(answer).isCode
}

/** Share of an answer's characters, white space left out, that lie in lines of code: 0 to 1. */
export function codeShare(answer: string): number {
  return detect(answer).share
}

/** The verdict with its reasons, line by line. Time is linear in the answer's length. */
export function detect(answer: string, { share: least = 0.5, block: fewest = 3 }: DetectorOptions = {}): Verdict {
  const lines = linesOf(answer)
  const grades = gradesOf(lines)
  const code = besideCode(grades)
  const sizes = lines.map(({ from, to }) => answer.slice(from, to).replace(/[ \t]/g, '').length)
  const sizeOf = (counts: (index: number) => boolean): number =>
    sizes.reduce((sum, size, index) => sum + (counts(index) ? size : 0), 0)
  const whole = sizeOf(() => true)
  const inCode = sizeOf((index) => code[index] ?? false)
  const inPython = sizeOf((index) => (code[index] ?? false) && grades[index]?.language === 'python')
  const share = whole === 0 ? 0 : inCode / whole
  const block = longestBlock(lines, grades, code)
  const isCode = share > 0 && (share >= least || block >= fewest)
  return {
    version: detectorVersion,
    isCode,
    isPython: isCode && inPython >= inCode / 2,
    share,
    block,
    lines: lines.map(({ from, to }, index) => lineVerdict(from, to, code[index] ?? false, grades[index]))
  }
}

function lineVerdict(from: number, to: number, isCode: boolean, grade: Grade | undefined): LineVerdict {
  const { reason, language } = grade ?? { reason: 'blank', language: null }
  if (isCode) return { from, to, isCode, language, reason }
  return { from, to, isCode, language: null, reason: grade?.grade === 'weak' ? `${reason}, no code beside it` : reason }
}

/** Strong lines, and weak ones that reach a strong one over weak and blank lines alone. */
function besideCode(grades: readonly Grade[]): readonly boolean[] {
  const above = carried(grades)
  const below = carried(grades.toReversed()).toReversed()
  return grades.map(
    ({ grade }, index) => grade === 'strong' || (grade === 'weak' && Boolean(above[index] || below[index]))
  )
}

/** Whether the last line that is neither weak nor blank, this one included, is strong. */
function carried(grades: readonly Grade[]): readonly boolean[] {
  let isStrong = false
  return grades.map(({ grade }) => {
    if (grade === 'strong') isStrong = true
    if (grade === 'none') isStrong = false
    return isStrong
  })
}

function longestBlock(lines: readonly Line[], grades: readonly Grade[], code: readonly boolean[]): number {
  let longest = 0
  let run = 0
  lines.forEach(({ place }, index) => {
    if (grades[index]?.grade === 'blank' || place === 'marker') return
    run = code[index] ? run + 1 : 0
    longest = Math.max(longest, run)
  })
  return longest
}
