/**
 * Regular expressions of files that nobody vouches for. JavaScript's own cannot be ended, and the time of one such as
 * `(a+)+$` doubles with every letter: here each step is counted, and a step too many is an error.
 */
import { RegExpParser, type AST } from '@eslint-community/regexpp'
import { LabError } from '../errors'

/** Steps that all patterns of one file may take together. */
export interface Budget {
  left: number
}

/** Enough for thousands of names against patterns as people write them, and about a second. */
export const patternBudget = (): Budget => ({ left: 5_000_000 })

/** Longer texts are not matched: a module's path has some 60 characters. */
const longestText = 1000

/** Named groups of a match. */
export type Groups = ReadonlyMap<string, string>

export interface Pattern {
  /** A match that begins with the text, as Python's `re.match`; null for none. @throws LabError `adapter` beyond the budget */
  match(text: string): Groups | null
}

/** One attempt. */
interface Run {
  readonly text: string
  readonly groups: Map<AST.CapturingGroup, readonly [from: number, to: number]>
}

/** What holds for a part of a pattern. */
interface Scope {
  /** Counts a step. */
  readonly spend: () => void
  /** `i` where case does not count, `s` where a dot is also a line break. */
  readonly flags: string
}

type Next = (at: number) => boolean
/** Whether what it stands for, and then `next`, match from a place on. */
type Matcher = (run: Run, at: number, next: Next) => boolean

/** @throws Error for what is no pattern */
export function compilePattern(source: string, name: string, budget: Budget): Pattern {
  // 2025 knows groups with flags of their own, (?i: ), as Python does.
  const parsed = new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, 0, source.length, false)
  const tooLong = (): LabError =>
    new LabError('adapter', `${name} holds a pattern that takes too long on this model's names: write it more simply`)
  const spend = (): void => {
    if (--budget.left < 0) throw tooLong()
  }
  const matcher = eitherOf(parsed.alternatives, { spend, flags: '' })
  return {
    match(text) {
      if (text.length > longestText) return null
      const run: Run = { text, groups: new Map() }
      try {
        if (!matcher(run, 0, () => true)) return null
      } catch (cause) {
        // A stack that is full counts as too long.
        throw cause instanceof RangeError ? tooLong() : cause
      }
      const named = [...run.groups].flatMap(([group, [from, to]]) => {
        return group.name === null ? [] : [[group.name, text.slice(from, to)] as const]
      })
      return new Map(named)
    }
  }
}

function eitherOf(alternatives: readonly AST.Alternative[], scope: Scope): Matcher {
  const all = alternatives.map(({ elements }) => inOrder(elements.map((element) => matcherOf(element, scope))))
  return (run, at, next) => {
    scope.spend()
    return all.some((one) => one(run, at, next))
  }
}

function inOrder(matchers: readonly Matcher[]): Matcher {
  const from = (index: number, run: Run, at: number, next: Next): boolean => {
    const one = matchers[index]
    return one ? one(run, at, (end) => from(index + 1, run, end, next)) : next(at)
  }
  return (run, at, next) => from(0, run, at, next)
}

function matcherOf(element: AST.Element, scope: Scope): Matcher {
  switch (element.type) {
    case 'Group':
      return eitherOf(element.alternatives, { ...scope, flags: flagsOf(element, scope.flags) })
    case 'CapturingGroup':
      return capturing(element, scope)
    case 'Quantifier':
      return repeated(element, scope)
    case 'Assertion':
      return asserting(element, scope)
    case 'Backreference':
      return again([element.resolved].flat())
    case 'Character':
    case 'CharacterSet':
    case 'CharacterClass': {
      const has = characters(element, scope.flags)
      return (run, at, next) => {
        scope.spend()
        return at < run.text.length && has(run.text.charCodeAt(at)) && next(at + 1)
      }
    }
    case 'ExpressionCharacterClass':
      throw new Error('sets of sets are not known here')
  }
}

/** The flags inside a group, which may add some or take some away. */
function flagsOf({ modifiers }: AST.Group, outside: string): string {
  if (!modifiers) return outside
  const { add, remove } = modifiers
  return [['i', add.ignoreCase, remove?.ignoreCase] as const, ['s', add.dotAll, remove?.dotAll] as const]
    .filter(([flag, on, off]) => on || (outside.includes(flag) && off !== true))
    .map(([flag]) => flag)
    .join('')
}

function capturing(group: AST.CapturingGroup, scope: Scope): Matcher {
  const inside = eitherOf(group.alternatives, scope)
  return (run, at, next) =>
    inside(run, at, (end) => {
      const before = run.groups.get(group)
      run.groups.set(group, [at, end])
      if (next(end)) return true
      if (before) run.groups.set(group, before)
      else run.groups.delete(group)
      return false
    })
}

function repeated({ min, max, greedy, element }: AST.Quantifier, scope: Scope): Matcher {
  const one = matcherOf(element, scope)
  const loop = (run: Run, at: number, count: number, next: Next): boolean => {
    scope.spend()
    const more = (): boolean => {
      if (count >= max) return false
      return one(run, at, (end) => {
        // A turn that takes nothing would go on for ever; those that are still due take nothing, too.
        if (end === at) return count < min && next(end)
        return loop(run, end, count + 1, next)
      })
    }
    if (count < min) return more()
    return greedy ? more() || next(at) : next(at) || more()
  }
  return (run, at, next) => loop(run, at, 0, next)
}

function asserting(element: AST.Assertion, scope: Scope): Matcher {
  switch (element.kind) {
    case 'start':
      return (_, at, next) => at === 0 && next(at)
    case 'end':
      return (run, at, next) => at === run.text.length && next(at)
    case 'word': {
      const isWord = (text: string, at: number): boolean => /\w/.test(text.charAt(at))
      return (run, at, next) => (isWord(run.text, at - 1) !== isWord(run.text, at)) !== element.negate && next(at)
    }
    case 'lookahead': {
      const inside = eitherOf(element.alternatives, scope)
      return (run, at, next) => inside(run, at, () => true) !== element.negate && next(at)
    }
    case 'lookbehind': {
      const inside = eitherOf(element.alternatives, scope)
      const ends = (run: Run, at: number): boolean => {
        for (let from = at; from >= 0; from--) if (inside(run, from, (end) => end === at)) return true
        return false
      }
      return (run, at, next) => ends(run, at) !== element.negate && next(at)
    }
  }
}

function again(groups: readonly AST.CapturingGroup[]): Matcher {
  return (run, at, next) => {
    const [from, to] = groups.map((group) => run.groups.get(group)).find((place) => place !== undefined) ?? [0, 0]
    const text = run.text.slice(from, to)
    return run.text.startsWith(text, at) && next(at + text.length)
  }
}

type Single = AST.Character | AST.CharacterSet | AST.CharacterClass

/** Whether a character, by its code, is one of these. Sets are looked up by the engine, one character at a time. */
function characters(element: Single, flags: string): (code: number) => boolean {
  if (element.type === 'Character' && flags === '') return (code) => code === element.value
  const one = new RegExp(`^(?:${element.raw})$`, flags)
  return (code) => one.test(String.fromCharCode(code))
}
