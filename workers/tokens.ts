/** Text to token ids and back, by the model's own tokenizer and chat template. */
import { PreTrainedTokenizer } from '@huggingface/transformers'
import { excerpt, LabError } from '../src/errors'
import { fieldsOf } from '../src/formats/fields'
import type { Prompt } from '../src/lab/api'
import { plainForm } from '../src/lab/plain-form'
import { parseModelJson } from './config'
import { ChatTemplate } from './template'

/** The files that a tokenizer is read from, as text. */
export interface TokenizerFiles {
  readonly tokenizer: string
  readonly config: string
  /** chat_template.jinja, where it is a file of its own. */
  readonly template: string | undefined
}

/** As many tokens as a growing answer is read in at a time. */
const shortRun = 4

/**
 * A model's tokenizer and chat template: text to ids and back.
 * @throws LabError `format` for files that are no tokenizer
 */
export class Tokens {
  readonly #tokenizer: PreTrainedTokenizer
  /** Special tokens by their names in the config. */
  readonly #special: Readonly<Record<string, string>>
  #template: ChatTemplate | null = null
  /** Rows of a study share their prompt and most short runs of tokens, and the tokenizer takes a tenth of the time of a small model. */
  readonly #prompts = new Recent<readonly number[]>(256)
  readonly #texts = new Recent<string>(2 ** 16)

  /** @throws LabError `format` */
  constructor(files: TokenizerFiles) {
    const json = parseModelJson(files.tokenizer, 'tokenizer.json')
    const config = withPlainTokens(parseModelJson(files.config, 'tokenizer_config.json'))
    try {
      this.#tokenizer = new PreTrainedTokenizer(
        json,
        files.template ? { ...config, chat_template: files.template } : config
      )
    } catch (cause) {
      throw new LabError(
        'format',
        `tokenizer.json could not be read (${excerpt(cause)}): take it from the model's own repository`,
        { cause }
      )
    }
    this.#special = specialTokens(config)
  }

  /** Where there is none, chats are given in the plain form. */
  get hasTemplate(): boolean {
    return Boolean(this.#tokenizer.chat_template)
  }

  /** The end-of-sequence id of the tokenizer, if it names one. */
  get stop(): readonly number[] {
    const { eos_token, _tokenizer } = this.#tokenizer
    const id = eos_token ? _tokenizer.token_to_id(eos_token) : undefined
    return id === undefined ? [] : [id]
  }

  /** @throws LabError `format` for an empty prompt, a template that fails, ids outside the vocabulary */
  encode(prompt: Prompt, vocabulary: number): number[] {
    // Ids are what they are: to look them up would take longer.
    if ('ids' in prompt) return this.#checked([...prompt.ids], vocabulary)
    return [
      ...this.#prompts.get(JSON.stringify([prompt, vocabulary]), () => this.#checked(this.#encode(prompt), vocabulary))
    ]
  }

  #checked(ids: number[], vocabulary: number): number[] {
    if (ids.length === 0) throw new LabError('format', 'the prompt is empty: type at least one character')
    const wrong = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabulary)
    if (wrong !== -1) {
      throw new LabError(
        'format',
        `token ${excerpt(ids[wrong])} is outside the model's vocabulary of ${vocabulary}: this tokenizer belongs to another model`
      )
    }
    return ids
  }

  /** An answer as it follows a prompt: no special tokens are added. Ids are taken as they are. */
  encodeAnswer(answer: string | readonly number[], vocabulary: number): number[] {
    const ids = typeof answer === 'string' ? this.#tokenizer.encode(answer, { add_special_tokens: false }) : [...answer]
    return this.#checked(ids, vocabulary)
  }

  decode(ids: readonly number[]): string {
    if (ids.length === 0) return ''
    const decode = (): string => this.#tokenizer.decode([...ids], { skip_special_tokens: true })
    return ids.length > shortRun ? decode() : this.#texts.get(ids.join(), decode)
  }

  /** One token as text, special tokens by their names; empty for an id that only the model's padded vocabulary has. */
  name(id: number): string {
    if (this.#tokenizer._tokenizer.id_to_token(id) === undefined) return ''
    return this.#tokenizer.decode([id], { skip_special_tokens: false, clean_up_tokenization_spaces: false })
  }

  isSpecial(id: number): boolean {
    return this.#tokenizer.all_special_ids.includes(id)
  }

  #encode(prompt: Exclude<Prompt, { readonly ids: readonly number[] }>): number[] {
    if ('text' in prompt) return prompt.text === '' ? [] : this.#tokenizer.encode(prompt.text)
    if (!this.hasTemplate) return this.#tokenizer.encode(plainForm(prompt.messages))
    try {
      this.#template ??= new ChatTemplate(String(this.#tokenizer.get_chat_template()))
      const text = this.#template.render(prompt.messages, this.#special)
      return this.#tokenizer.encode(text, { add_special_tokens: false })
    } catch (cause) {
      throw new LabError(
        'format',
        `the chat template refused these messages (${excerpt(cause)}): give the prompt as plain text, or choose another model`,
        { cause }
      )
    }
  }
}

const specialNames = ['bos_token', 'eos_token', 'unk_token', 'sep_token', 'pad_token', 'cls_token', 'mask_token']

/** Tokens such as `eos_token` as texts: older files give an object that does not say it is a token, which transformers.js refuses. */
function withPlainTokens(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const entries = Object.entries(config).map(([name, value]) => {
    const content = name.endsWith('_token') ? fieldsOf(value).get('content') : undefined
    return [name, typeof content === 'string' ? content : value] as const
  })
  return Object.fromEntries(entries)
}

/** What a template calls its model's special tokens. */
function specialTokens(config: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = specialNames.flatMap((name) => {
    const text = config[name]
    return typeof text === 'string' && text !== '' ? [[name, text] as const] : []
  })
  return Object.fromEntries(entries)
}

/** What was computed last, by its key. Forgets all when it is full, which costs less than to know what was asked for least. */
class Recent<Value> {
  readonly #most: number
  readonly #values = new Map<string, Value>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: string, compute: () => Value): Value {
    const known = this.#values.get(key)
    if (known !== undefined) return known
    const value = compute()
    if (this.#values.size >= this.#most) this.#values.clear()
    this.#values.set(key, value)
    return value
  }
}

/** Text of a growing answer, token by token; holds back the bytes of an unfinished character. */
export class TextStream {
  readonly ids: number[] = []
  #shown = 0
  #context = 0
  readonly #tokens: Tokens

  constructor(tokens: Tokens) {
    this.#tokens = tokens
  }

  /** Adds a token; returns the text that is now certain. */
  push(id: number): string {
    this.ids.push(id)
    return this.#take((text) => text.endsWith('\ufffd'))
  }

  /** What was held back. */
  flush(): string {
    return this.#take(() => false)
  }

  #take(wait: (text: string) => boolean): string {
    // Decoded from a few tokens before, since some tokenizers drop a leading space.
    const before = this.#tokens.decode(this.ids.slice(this.#context, this.#shown))
    const text = this.#tokens.decode(this.ids.slice(this.#context))
    if (text.length <= before.length || wait(text)) return ''
    this.#context = this.#shown
    this.#shown = this.ids.length
    return text.slice(before.length)
  }
}
