/** What a line of code looks like: `rules.json`, which the Python companion reads as well, so that both give the same verdicts. */
import table from './rules.json' with { type: 'json' }

/** One look of a line. A strong one is code by itself; a weak one (a comment, `x = 5`, `return home`) only beside code. */
export interface Rule {
  readonly name: string
  readonly language: string
  readonly strong: boolean
  /** The line counts only if the Python parser takes it. */
  readonly parse: boolean
  readonly pattern: RegExp
}

/** Changes whenever a verdict may: it belongs beside every rate. */
export const detectorVersion = `azimuth-code-${table.version}`

/** In order: the first that fits a line wins. Patterns are ASCII and mean the same in JavaScript and Python. */
export const rules: readonly Rule[] = table.rules.map((rule) => ({ ...rule, pattern: new RegExp(rule.pattern) }))

const languages = new Map(
  Object.entries(table.fences).flatMap(([language, tags]) => tags.map((tag) => [tag, language] as const))
)

/** The language a fence's tag names; undefined where the tag names none (`text`, a missing tag). */
export function fenceLanguage(tag: string): string | undefined {
  return languages.get(tag.toLowerCase())
}
