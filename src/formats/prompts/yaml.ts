/**
 * Prompt files in YAML. Nothing is expanded but what a prompt needs: the public evaluation files repeat their judges' prompts by
 * alias in every question, and an alias can also be a bomb.
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  visit,
  type Document,
  type Node,
  type YAMLMap
} from 'yaml'
import { excerpt, LabError } from '../../errors'
import { shown, type FileNotes } from './notes'
import { answerFields, belowFields, promptFields, systemFields, type PromptRecord } from './records'

/** Longer texts are refused: a parsed file takes many times its size. */
export const largestYaml = 4 * 2 ** 20

/** Values that aliases may expand to in all, and lists within lists. */
const mostValues = 200_000
const deepest = 20

const wanted: ReadonlySet<string> = new Set([
  ...['id', 'group', 'role', 'from', 'content', 'value', 'type'],
  ...[...promptFields, ...answerFields, ...belowFields, ...systemFields]
])
const lists = ['prompts', 'questions', 'data']
/** Tags that say of a value what it is without them. */
const plainTags: ReadonlySet<string> = new Set(
  ['str', 'int', 'float', 'bool', 'null', 'map', 'seq', 'timestamp'].map((tag) => `tag:yaml.org,2002:${tag}`)
)

/** The records of all documents of a file: each a list of questions, or a list under `prompts` or `questions`. @throws LabError `format` */
export function yamlRecords(name: string, text: string, notes: FileNotes): readonly PromptRecord[] {
  if (text.length > largestYaml) {
    throw new LabError('format', `${name} has ${text.length} characters of YAML, ${largestYaml} can be read: use JSONL`)
  }
  requireFlat(name, text)
  const lines = new LineCounter()
  const placeOf = (node: Node | null): string => `line ${lines.linePos(node?.range?.[0] ?? 0).line} of ${name}`
  const reader = { name, placeOf, notes, budget: { left: mostValues } }
  return documentsOf(name, text, lines).flatMap((document) => {
    const own = { ...reader, targets: aliasTargets(document, placeOf) }
    return listIn(document, own).map((node) => ({ value: plain(node, own, 0), place: placeOf(node) }))
  })
}

/** Marks, words and breaks of a file: each takes the parser some microseconds, or many where the file is wrong. */
const mostSigns = 150_000
/** Brackets, commas and other marks in a row, with no word between them. */
const mostMarks = 1000

/**
 * What nests deep, is nothing but marks, or has too many of them is refused before it is parsed: that can take the square of
 * their number. To take a file apart into its signs takes a small part of that.
 */
function requireFlat(name: string, text: string): void {
  let depth = 0
  let marks = 0
  let inRow = 0
  let signs = 0
  for (const sign of new Lexer().lex(text)) {
    if (++signs > mostSigns) {
      throw new LabError('format', `${name} has more than ${mostSigns} marks and words of YAML: use JSONL`)
    }
    const first = sign.charAt(0)
    if ('[{'.includes(first)) depth++
    else if (']}'.includes(first)) depth = Math.max(0, depth - 1)
    if ('[]{},&*!?|>'.includes(first)) marks++
    else if (sign.trim() !== '') marks = 0
    if (first === '-' || first === '?') inRow++
    else if (sign.trim() !== '') inRow = 0
    if (depth <= deepest && inRow <= deepest && marks <= mostMarks) continue
    throw new LabError('format', `${name} nests more than ${deepest} deep in YAML, or is nothing but marks: use JSONL`)
  }
}

function documentsOf(name: string, text: string, lineCounter: LineCounter): readonly Document.Parsed[] {
  try {
    // failsafe: `42` and `yes` stay texts. uniqueKeys compares every key with every other.
    const options = {
      lineCounter,
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent'
    } as const
    const documents = parseAllDocuments(text, options)
    for (const { errors } of Array.isArray(documents) ? documents : []) {
      const [error] = errors
      if (!error) continue
      const { line } = lineCounter.linePos(error.pos[0])
      throw new LabError(
        'format',
        `line ${line} of ${name} is not YAML (${excerpt(error.message.split('\n')[0])}): correct it`
      )
    }
    return Array.isArray(documents) ? documents : []
  } catch (cause) {
    if (cause instanceof LabError) throw cause
    throw new LabError('format', `${name} is nested too deep to be read as YAML`, { cause })
  }
}

type Targets = ReadonlyMap<Node, Node>

/**
 * What each alias stands for: the last anchor of that name before it. One pass, where the library would search for each.
 * @throws LabError `format` for a tag that asks for more than the text that stands there
 */
function aliasTargets(document: Document, placeOf: (node: Node) => string): Targets {
  const anchors = new Map<string, Node>()
  const targets = new Map<Node, Node>()
  visit(document, {
    Alias: (_, alias) => {
      const target = anchors.get(alias.source)
      if (target) targets.set(alias, target)
    },
    Value: (_, node) => {
      if (node.anchor) anchors.set(node.anchor, node)
      if (node.tag === undefined || node.tag === '!' || plainTags.has(node.tag)) return
      throw new LabError(
        'format',
        `${placeOf(node)} has the tag ${shown([node.tag])}, which is not followed: write the text itself`
      )
    }
  })
  return targets
}

interface Reader {
  readonly targets: Targets
  readonly name: string
  readonly placeOf: (node: Node | null) => string
  readonly notes: FileNotes
  /** Values that may still be expanded, of all documents together. */
  readonly budget: { left: number }
}

function listIn(document: Document, reader: Reader): readonly (Node | null)[] {
  const top = resolve(document.contents, reader.targets)
  const entries = isMap(top) ? entriesOf(top, reader, 0) : new Map<string, Node | null>()
  const under = lists.find((field) => entries.has(field))
  if (under === undefined) return isSeq(top) ? top.items.map(asNode) : top ? [top] : []
  for (const field of entries.keys()) if (field !== under) reader.notes.unused(`${field} beside ${under}`)
  const list = resolve(entries.get(under) ?? null, reader.targets)
  return isSeq(list) ? list.items.map(asNode) : [list]
}

/** A node as plain values: texts, lists, and objects; of a field that no prompt has only that it is there. */
function plain(given: Node | null, reader: Reader, depth: number): unknown {
  const node = resolve(given, reader.targets)
  spend(reader, depth)
  if (isScalar(node)) return node.value === '' || node.value === '~' || node.value === 'null' ? null : node.value
  if (isSeq(node)) return node.items.map((item) => plain(asNode(item), reader, depth + 1))
  if (!isMap(node)) return null
  const entries = Array.from(entriesOf(node, reader, depth), ([field, value]) => [
    field,
    wanted.has(field) ? plain(value, reader, depth + 1) : resolve(value, reader.targets) !== null
  ])
  return Object.fromEntries(entries)
}

/** Counts a value. @throws LabError `format` where there are too many */
function spend(reader: Reader, depth: number): void {
  if (--reader.budget.left >= 0 && depth <= deepest) return
  throw new LabError(
    'format',
    `${reader.name} expands to more than ${mostValues} values, or nests ${deepest} deep: write the prompts out`
  )
}

/** The fields of a map, those of its merge keys (`<<`) below its own. @throws LabError `format` for a field that stands there twice */
function entriesOf(map: YAMLMap, reader: Reader, depth: number): Map<string, Node | null> {
  const entries = new Map<string, Node | null>()
  const merged: Node[] = []
  for (const { key, value } of map.items) {
    spend(reader, depth)
    const field = isScalar(key) ? String(key.value) : ''
    const node = asNode(value)
    if (field === '<<') {
      const from = resolve(node, reader.targets)
      for (const one of isSeq(from) ? from.items.map(asNode) : [from]) if (one) merged.push(one)
    } else if (entries.has(field)) {
      throw new LabError(
        'format',
        `${reader.placeOf(asNode(key))} has the field ${shown([field])} a second time: leave one out`
      )
    } else entries.set(field, node)
  }
  for (const one of merged) {
    const from = resolve(one, reader.targets)
    if (!isMap(from)) {
      throw new LabError('format', `${reader.placeOf(one)} merges what is no map with <<: write the fields out`)
    }
    for (const [field, value] of entriesOf(from, reader, depth + 1)) if (!entries.has(field)) entries.set(field, value)
  }
  return entries
}

/** Follows aliases; an alias of an alias has been followed when its anchor was met. */
function resolve(node: Node | null, targets: Targets): Node | null {
  return (isAlias(node) ? targets.get(node) : node) ?? null
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isSeq(value) || isMap(value) || isAlias(value) ? value : null
}
