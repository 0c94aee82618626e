/**
 * A chat template of a file that nobody vouches for: it is a program, so it is run step by step, and a step too many ends
 * it. The template engine's own `render` has no limit.
 */
import { Environment, Interpreter, Template } from '@huggingface/jinja'
import { timeFormat } from 'd3'
import type { Prompt } from '../src/lab/api'

type Messages = Extract<Prompt, { readonly messages: unknown }>['messages']
type Statement = Parameters<Interpreter['evaluate']>[0]
type Value = ReturnType<Interpreter['evaluate']>

/** Expressions that are evaluated, and entries of lists that are gone through: a hundred times a real template's. About a second. */
const mostSteps = 300_000
/** Numbers that one `range` may give. */
const longestRange = 100_000
/** Characters of one text: far beyond any context. */
const longestText = 4_000_000

/** A template, parsed once. */
export class ChatTemplate {
  readonly #template: Template

  /** @throws Error for what is no template */
  constructor(source: string) {
    this.#template = new Template(source)
  }

  /**
   * The messages as the model reads them, with its turn begun.
   * @param special the tokenizer's special tokens by their names in its config, `bos_token`
   * @throws Error where the template refuses the messages, or needs more steps or room than any template should
   */
  render(messages: Messages, special: Readonly<Record<string, string>>): string {
    const environment = new Environment()
    for (const [name, value] of Object.entries(globals)) environment.set(name, value)
    const given = { messages: [...messages], add_generation_prompt: true, tools: null, documents: null, ...special }
    for (const [name, value] of Object.entries(given)) environment.set(name, value)
    const { value } = new Counted(environment).run(this.#template.parsed)
    return typeof value === 'string' ? value : ''
  }
}

/** What a template can call and name, as transformers' own have it. */
const globals: Readonly<Record<string, unknown>> = {
  ...{ false: false, true: true, none: null, False: false, True: true, None: null },
  raise_exception: (message: unknown) => {
    throw new Error(String(message))
  },
  range,
  strftime_now: (format: unknown) => timeFormat(String(format).slice(0, 100))(new Date())
}

function range(first: unknown, second?: unknown, by: unknown = 1): number[] {
  const [start, stop] = second === undefined || second === null ? [0, Number(first)] : [Number(first), Number(second)]
  const step = Number(by)
  if (step === 0) throw new Error('range() step must not be zero')
  const count = Math.max(0, Math.ceil((stop - start) / step))
  // Also for what is no number.
  if (!(count <= longestRange)) throw new Error(`range() of ${count} numbers, at most ${longestRange} are given`)
  return Array.from({ length: count }, (_, i) => start + i * step)
}

class Counted extends Interpreter {
  #left = mostSteps
  /** What loops go through, by the loops that were begun. */
  readonly #lists = new WeakSet<object>()

  override evaluate(statement: Statement, environment: Environment): Value {
    this.#take(1)
    const list = statement && listOf(statement)
    if (list) this.#lists.add(list)
    const value = super.evaluate(statement, environment)
    // A loop with nothing in it evaluates its list alone; a list or a text can double with every line.
    if (value.type === 'ArrayValue' && Array.isArray(value.value)) {
      this.#take(value.value.length / (statement && this.#lists.has(statement) ? 1 : 20))
    }
    if (value.type === 'StringValue' && typeof value.value === 'string') this.#takeText(value.value.length)
    return value
  }

  #takeText(length: number): void {
    if (length > longestText) throw new Error(`it makes a text of more than ${longestText} characters`)
    this.#take(length / 1000)
  }

  #take(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new Error(`it does not end within ${mostSteps} steps`)
  }
}

/** The list of a loop, without the condition that may follow it; null for all else. */
function listOf(statement: object): object | null {
  const list = 'iterable' in statement ? statement.iterable : undefined
  if (typeof list !== 'object' || list === null) return null
  return 'lhs' in list && typeof list.lhs === 'object' && list.lhs !== null ? list.lhs : list
}
