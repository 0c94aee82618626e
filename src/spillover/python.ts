/** Logical lines of Python, and whether its parser takes them. */
import { parser } from '@lezer/python'
import { isSentence, type Line } from './lines'

/** Gives up at the first error: recovering from each is slow on what is not Python. */
const strict = parser.configure({ strict: true })

const mostLines = 100
const mostCharacters = 4000
/** Of one answer; beyond it nothing more is parsed, so that time stays linear on whatever comes. */
const mostRefusals = 500

/** A logical line: as many lines as brackets, triple-quoted strings and backslashes hold together. */
export interface Statement {
  readonly lines: readonly Line[]
  /** How many of them, from the first, the grammar takes. */
  readonly taken: number
}

/** Reads the logical line that begins at a line of an answer. Make one reader for each answer. */
export function statementReader(): (lines: readonly Line[], start: number) => Statement {
  let refusals = 0
  return (lines, start) => {
    if (refusals === mostRefusals) return { lines: lines.slice(start, start + 1), taken: 0 }
    const part = lines.slice(start, statementEnd(lines, start))
    const text = part
      .map((line) => line.text)
      .join('\n')
      .replace(prompt, '')
    const error = syntaxError(text, part.at(-1)?.last ?? false)
    if (error === null) return { lines: part, taken: part.length }
    refusals++
    return { lines: part, taken: text.slice(0, error).split('\n').length - 1 }
  }
}

const prompt = /^(>>>|\.\.\.)[ \t]*/

interface Scan {
  /** The quotes of an open triple-quoted string. */
  readonly quote: string | null
  /** Open brackets. */
  readonly depth: number
  /** Ends with a backslash. */
  readonly joined: boolean
}

/**
 * The end (exclusive) of the logical line that begins at `start`: it goes on inside brackets, triple-quoted strings and after a
 * backslash. Prose inside brackets ends it, so that a stray "(" does not swallow an answer.
 */
function statementEnd(lines: readonly Line[], start: number): number {
  let state: Scan = { quote: null, depth: 0, joined: false }
  let length = 0
  for (let i = start; i < lines.length && i < start + mostLines; i++) {
    const line = lines[i]
    if (!line || line.place !== 'open') return i
    if (i > start && state.quote === null && /^[A-Z]/.test(line.text) && isSentence(line.text)) return i
    state = scan(line.text, state)
    length += line.text.length
    if ((state.quote === null && state.depth <= 0 && !state.joined) || length > mostCharacters) return i + 1
  }
  return Math.min(lines.length, start + mostLines)
}

function scan(text: string, before: Scan): Scan {
  let { quote, depth } = before
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? ''
    if (character === '\\') i++
    else if (quote !== null) {
      if (text.startsWith(quote, i)) {
        i += 2
        quote = null
      }
    } else if (character === '#') break
    else if (character === '"' || character === "'") {
      if (text.startsWith(character.repeat(3), i)) {
        quote = character.repeat(3)
        i += 2
      } else i = stringEnd(text, i)
    } else if ('([{'.includes(character)) depth++
    else if (')]}'.includes(character)) depth--
  }
  return { quote, depth, joined: text.endsWith('\\') }
}

/** The closing quote of the string that opens at `start`, or the end of the line where there is none. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[start]) return i
  }
  return text.length
}

/** What must stand before a line that cannot begin a program. */
const contexts: readonly (readonly [RegExp, string])[] = [
  [/^(elif|else)\b/, 'if x: pass\n'],
  [/^(except|finally)\b/, 'try: pass\n'],
  [/^case\b/, 'match x:\n ']
]

/** What is followed by lines of its own: a header, a decorator. */
const opensBlock = /^@|:[ \t]*(#.*)?$/

/**
 * The character at which Python's grammar gives up, or null where it takes the text. A header without its body is taken; so is, at
 * the end of the answer, whatever might have gone on: an open bracket or string, a word that was cut.
 */
function syntaxError(statement: string, isLast: boolean): number | null {
  const text = statement.slice(0, mostCharacters)
  const context = contexts.find(([pattern]) => pattern.test(text))?.[1] ?? ''
  try {
    strict.parse(context + text)
    return null
  } catch (error) {
    const at = Number(/\d+$/.exec(error instanceof Error ? error.message : '')?.[0] ?? 0) - context.length
    const rest = text.slice(Math.max(0, at))
    const isCut = isLast || text.length < statement.length
    const mayEnd = isCut ? isCutWord(rest.trim()) : opensBlock.test(text) && rest.trim() === ''
    return mayEnd ? null : Math.max(0, at)
  }
}

const keywords = 'and as async await else except finally for from if import in is not or'.split(' ')

/** Whether a text might be the beginning of what may follow a complete expression: an operator, or a keyword. */
function isCutWord(rest: string): boolean {
  return /^[^A-Za-z\s]*$/.test(rest) || keywords.some((keyword) => keyword.startsWith(rest))
}
