/** config.json and its companions, reduced to what the engine asks. */
import { excerpt, LabError } from '../src/errors'

/** What `config.json` and the files beside it say of a model. */
export interface ModelConfig {
  readonly family: string
  /** The most tokens that the config claims; undefined where it says nothing. */
  readonly contextLength: number | undefined
  /** Length of one key of one head; undefined where the config leaves it to the graph. */
  readonly headSize: number | undefined
  /** Width that the config claims, to check the graph against. */
  readonly width: number | undefined
  readonly layers: number | undefined
  /** Tokens that the layers with a sliding window look back; undefined where none has one. */
  readonly window: number | undefined
  /** Tokens that end an answer. */
  readonly stop: readonly number[]
}

type Json = Readonly<Record<string, unknown>>

/** Texts, which stay as they are, and numbers that Python writes and JSON does not know. */
const bare = /"(?:[^"\\]|\\.)*"|-?\b(?:Infinity|NaN)\b/g

/** An object; `Infinity` and `NaN`, as Python writes them, are null. @throws LabError `format` */
export function parseModelJson(text: string, path: string): Json {
  let value: unknown
  try {
    const plain = /Infinity|NaN/.test(text) ? text.replace(bare, (part) => (part[0] === '"' ? part : 'null')) : text
    value = JSON.parse(plain)
  } catch (cause) {
    throw new LabError('format', `${path} is not JSON (${excerpt(cause)}): fetch it again from its source`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new LabError(
      'format',
      `${path} should hold a JSON object, got ${Array.isArray(value) ? 'a list' : typeof value}`
    )
  }
  return { ...value }
}

const number = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined

function tokens(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap(tokens)
  return typeof value === 'number' ? [value] : []
}

/** Vision-language models keep the language model's numbers under `text_config`. */
export function readConfig(config: Json, generation: Json | undefined): ModelConfig {
  const inner = config['text_config']
  const text: Json = typeof inner === 'object' && inner !== null ? { ...config, ...inner } : config
  const first = (...names: readonly string[]): number | undefined =>
    names.map((name) => number(text[name])).find(Boolean)
  const width = first('hidden_size', 'n_embd', 'd_model')
  const heads = first('num_attention_heads', 'n_head', 'n_heads', 'num_heads')
  return {
    family: typeof config['model_type'] === 'string' ? config['model_type'] : 'unknown',
    contextLength: first(
      'max_position_embeddings',
      'n_positions',
      'n_ctx',
      'max_seq_len',
      'seq_length',
      'max_sequence_length'
    ),
    headSize: first('head_dim') ?? (width && heads ? width / heads : undefined),
    width,
    layers: first('num_hidden_layers', 'n_layer', 'n_layers', 'num_layers'),
    window: text['use_sliding_window'] === false ? undefined : number(text['sliding_window']),
    stop: [...new Set([...tokens(generation?.['eos_token_id']), ...tokens(text['eos_token_id'])])]
  }
}
