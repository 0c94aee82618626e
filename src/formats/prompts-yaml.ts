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
  parseDocument,
  visit,
  type Document,
  type Node
} from 'yaml'
import { LabError } from '../errors'
import { answerFields, promptFields, type PromptRecord } from './prompts-records'

/** Longer texts are refused: a parsed file takes many times its size. */
export const largestYaml = 4 * 2 ** 20

/** Values that aliases may expand to in all, and lists within lists. */
const mostValues = 200_000
const deepest = 20

const wanted: ReadonlySet<string> = new Set([
  'id',
  'group',
  'system',
  'role',
  'content',
  ...promptFields,
  ...answerFields
])
const lists = ['prompts', 'questions', 'data']

/** The records of a file: a list of questions, or a list under `prompts` or `questions`. @throws LabError `format` */
export function yamlRecords(name: string, text: string): readonly PromptRecord[] {
  if (text.length > largestYaml) {
    throw new LabError('format', `${name} has ${text.length} characters of YAML, ${largestYaml} can be read: use JSONL`)
  }
  requireFlat(name, text)
  const lines = new LineCounter()
  const document = parse(name, text, lines)
  const targets = aliasTargets(document)
  const reader = { targets, left: mostValues, name }
  const list = listIn(document, targets)
  return list.map((node) => ({
    value: plain(node, reader, 0),
    place: `line ${lines.linePos(node?.range?.[0] ?? 0).line} of ${name}`
  }))
}

/** Brackets, commas and other marks in a row, with no word between them. */
const mostMarks = 1000

/**
 * What nests deep, or is nothing but marks, is refused before it is parsed: that takes the square of their number. To take a
 * file apart into its signs takes a small part of that.
 */
function requireFlat(name: string, text: string): void {
  let depth = 0
  let marks = 0
  let inRow = 0
  for (const sign of new Lexer().lex(text)) {
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

function parse(name: string, text: string, lineCounter: LineCounter): Document.Parsed {
  let document: Document.Parsed
  try {
    // failsafe: `42` and `yes` stay texts. uniqueKeys compares every key with every other.
    const options = {
      lineCounter,
      schema: 'failsafe',
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent'
    } as const
    document = parseDocument(text, options)
  } catch (cause) {
    throw new LabError('format', `${name} is nested too deep to be read as YAML`, { cause })
  }
  const [error] = document.errors
  if (!error) return document
  const { line } = lineCounter.linePos(error.pos[0])
  throw new LabError(
    'format',
    `line ${line} of ${name} is not YAML (${error.message.split('\n')[0] ?? ''}): correct it`
  )
}

type Targets = ReadonlyMap<Node, Node>

/** What each alias stands for: the last anchor of that name before it. One pass, where the library would search for each. */
function aliasTargets(document: Document): Targets {
  const anchors = new Map<string, Node>()
  const targets = new Map<Node, Node>()
  visit(document, {
    Alias: (_, alias) => {
      const target = anchors.get(alias.source)
      if (target) targets.set(alias, target)
    },
    Value: (_, node) => {
      if (node.anchor) anchors.set(node.anchor, node)
    }
  })
  return targets
}

function listIn(document: Document, targets: Targets): readonly (Node | null)[] {
  const top = resolve(document.contents, targets)
  const under = isMap(top)
    ? top.items.find(({ key }) => isScalar(key) && lists.includes(String(key.value)))?.value
    : undefined
  const list = under === undefined ? top : resolve(asNode(under), targets)
  if (isSeq(list)) return list.items.map(asNode)
  return list ? [list] : []
}

interface Reader {
  readonly targets: Targets
  readonly name: string
  left: number
}

/** A node as plain values: texts, lists, and objects with the fields that prompts have. */
function plain(given: Node | null, reader: Reader, depth: number): unknown {
  const node = resolve(given, reader.targets)
  if (--reader.left < 0 || depth > deepest) {
    throw new LabError(
      'format',
      `${reader.name} expands to more than ${mostValues} values, or nests ${deepest} deep: write the prompts out`
    )
  }
  if (isScalar(node)) return node.value === '' || node.value === '~' || node.value === 'null' ? null : node.value
  if (isSeq(node)) return node.items.map((item) => plain(asNode(item), reader, depth + 1))
  if (!isMap(node)) return null
  const entries = node.items.flatMap(({ key, value }) => {
    const field = isScalar(key) ? String(key.value) : ''
    return wanted.has(field) ? [[field, plain(asNode(value), reader, depth + 1)] as const] : []
  })
  return Object.fromEntries(entries)
}

/** Follows aliases; an alias of an alias has been followed when its anchor was met. */
function resolve(node: Node | null, targets: Targets): Node | null {
  return (isAlias(node) ? targets.get(node) : node) ?? null
}

function asNode(value: unknown): Node | null {
  return isScalar(value) || isSeq(value) || isMap(value) || isAlias(value) ? value : null
}
