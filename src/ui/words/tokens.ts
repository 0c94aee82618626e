/** Tokens as text in which nothing is invisible. */

interface ShownToken {
  /** White space and control characters as signs. */
  readonly shown: string
  /** The same for a screen reader, which says no signs. */
  readonly spoken: string
}

/** Each with its sign and its name. */
const whiteSpace: ReadonlyMap<string, readonly [string, string]> = new Map([
  [' ', ['\u2423', ' space '] as const],
  ['\n', ['\u21b5', ' line break '] as const],
  ['\r', ['\u240d', ' carriage return '] as const],
  ['\t', ['\u21e5', ' tab '] as const]
])

/** Characters that take no room, turn the line around or are none: controls, formats, separators, unassigned ones. */
const unseen = /[\p{C}\p{Z}]/u

/** How to write and to say a token. */
export function showToken(text: string): ShownToken {
  if (text === '') return { shown: '\u2205', spoken: 'empty' }
  const characters = Array.from(text, (character) => whiteSpace.get(character) ?? plain(character))
  const join = (which: 0 | 1): string => characters.map((pair) => pair[which]).join('')
  return { shown: join(0), spoken: join(1).replace(/ +/g, ' ').trim() }
}

function plain(character: string): readonly [string, string] {
  if (!unseen.test(character)) return [character, character]
  const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return [`\\u{${code}}`, ` character ${code} `]
}
