/** An answer as lines, fenced blocks marked. */
import { fenceLanguage } from './rules'

export interface Line {
  /** Place in the answer, the line break left out. */
  readonly from: number
  readonly to: number
  /** Without indentation and trailing blanks; at most `longestLine` characters. */
  readonly text: string
  /** Columns of white space before it. */
  readonly indent: number
  /** `marker`: the fence itself; `tagged`: inside a fence that names a language; `open`: judged by its looks. */
  readonly place: 'open' | 'tagged' | 'marker'
  /** Of a fence that names one. */
  readonly language: string | null
  readonly last: boolean
}

/** Only this much of a line is looked at, so that no pattern meets a megabyte. */
export const longestLine = 1000

const fencePattern = /^(`{3,}|~{3,})[ \t]*([\w+#.-]*)[^`]*$/

/** Splits an answer into lines. A fence that is never closed, as in an answer cut short, runs to the end. */
export function linesOf(answer: string): readonly Line[] {
  const spans = lineSpans(answer)
  let fence: { readonly mark: string; readonly language: string | null } | null = null
  return spans.map(({ from, to }, index) => {
    const whole = answer.slice(from, to)
    const body = trimLeft(whole)
    const text = trimRight(body.slice(0, longestLine))
    const base = { from, to, text, indent: whole.length - body.length, last: index === spans.length - 1 }
    const [, mark = '', tag = ''] = fencePattern.exec(text) ?? []
    if (fence && mark.startsWith(fence.mark) && tag === '') {
      const { language } = fence
      fence = null
      return { ...base, place: 'marker', language }
    }
    if (fence) return { ...base, place: fence.language === null ? 'open' : 'tagged', language: fence.language }
    if (mark === '') return { ...base, place: 'open', language: null }
    fence = { mark, language: fenceLanguage(tag) ?? null }
    return { ...base, place: 'marker', language: fence.language }
  })
}

function lineSpans(answer: string): readonly { readonly from: number; readonly to: number }[] {
  const spans: { from: number; to: number }[] = []
  const breaks = /\r\n|\r|\n/g
  let from = 0
  for (let match = breaks.exec(answer); match; match = breaks.exec(answer)) {
    spans.push({ from, to: match.index })
    from = breaks.lastIndex
  }
  spans.push({ from, to: answer.length })
  return spans
}

// ASCII blanks only: other white space (a no-break space, a byte order mark) is text, in JavaScript and in Python alike.
function trimLeft(text: string): string {
  let start = 0
  while (text[start] === ' ' || text[start] === '\t') start++
  return text.slice(start)
}

function trimRight(text: string): string {
  let end = text.length
  while (end > 0 && (text[end - 1] === ' ' || text[end - 1] === '\t')) end--
  return text.slice(0, end)
}

const plainWord = /^["'(“‘«¿¡*_]*[^\d_()[\]{}=<>+*/\\|;:.,!?"`$%&@#~^]+[)"'”’»*_]*[.,;:!?…]*[)"'”’»]*$/

/** Whether a line reads like words in a row: 4 or more, nearly all of them letters with at most the punctuation of prose. */
export function isSentence(text: string): boolean {
  const words = text.split(/[ \t]+/)
  const plain = words.filter((word) => word.length <= 40 && plainWord.test(word))
  return words.length >= 4 && plain.length >= 0.8 * words.length
}
