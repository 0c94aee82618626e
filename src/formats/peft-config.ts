/** adapter_config.json: what it asks for, and whether an un-merged LoRA can give it. Matches names as PEFT's own source does. */
import { excerpt, LabError } from '../errors'
import { fieldsOf } from './fields'
import { compilePattern, patternBudget, type Budget, type Pattern } from './pattern'

export interface PeftConfig {
  readonly rslora: boolean
  /** fan_in_fan_out: how a Conv1D layer keeps its weights, which matters only where an adapter is merged. */
  readonly fanInFanOut: boolean
  /** base_model_name_or_path, as it was when the adapter was trained. */
  readonly base: string | null
  /** Rank and lora_alpha of a module by its path in the base model, `model.layers.0.self_attn.q_proj`. */
  rankOf(path: string): number
  loraAlphaOf(path: string): number
  /** Whether a linear layer is adapted; null where the file leaves that to PEFT's defaults for the family. */
  readonly targets: ((path: string) => boolean) | null
}

type Fields = ReadonlyMap<string, unknown>

/** The fields of a file, and how many steps its patterns may still take. */
interface Reader {
  readonly fields: Fields
  readonly budget: Budget
}

const merge = 'or merge it into its base (merge_and_unload) and open the result as a model of its own'

/** What an adapter of MLX is told. */
export const mlx =
  'is one of MLX (mlx-lm), which keeps its matrices otherwise than PEFT: fuse it into its base (mlx_lm.fuse) and open the result as a model of its own'

/** Settings that change what an adapter computes into something other than y + s (x A) B. */
const refusals: readonly (readonly [name: string, what: string])[] = [
  ['use_dora', `uses DoRA, which rescales the base's own weights: train it with use_dora=False, ${merge}`],
  ['lora_bias', `trains a bias beside B (lora_bias): train it with lora_bias=False, ${merge}`],
  ['modules_to_save', `brings whole layers of its own (modules_to_save): train it without them, ${merge}`],
  [
    'trainable_token_indices',
    `changes embeddings of single tokens (trainable_token_indices): train it without, ${merge}`
  ],
  ['target_parameters', `changes bare parameters (target_parameters): only linear layers can be adapted, ${merge}`],
  [
    'layer_replication',
    `repeats layers of its base (layer_replication): only a base as it is can be adapted, ${merge}`
  ],
  ['alora_invocation_tokens', `wakes up at certain tokens only (activated LoRA): train a plain LoRA, ${merge}`],
  ['use_qalora', `pools its inputs (QA-LoRA): train it with use_qalora=False, ${merge}`],
  ['use_bdlora', `is block-diagonal (BD-LoRA): train a plain LoRA, ${merge}`],
  ['arrow_config', 'routes between several adapters (Arrow): bring one of them'],
  ['kasa_config', `cuts the base's own weights (KaSA): train a plain LoRA, ${merge}`],
  ['monteclora_config', `samples its weights (MonteCLoRA): train a plain LoRA, ${merge}`]
]

/** Ways to initialize that subtract from the base's weights, which is not done here. */
const changesBase = /^(pissa|corda|olora|loftq|lora_ga)/i

/** @throws LabError `format` for what is not JSON, `adapter` for another kind than LoRA or a setting that is not plain LoRA */
export function readPeftConfig(text: string): PeftConfig {
  const fields = parse(text)
  refuse(fields)
  const rank = fields.get('r')
  const loraAlpha = fields.get('lora_alpha')
  if (!isRank(rank) || typeof loraAlpha !== 'number' || !Number.isFinite(loraAlpha)) {
    throw new LabError(
      'adapter',
      `adapter_config.json should give r as a whole number and lora_alpha, it has ${excerpt(rank)} and ${excerpt(loraAlpha)}: save the adapter with PEFT`
    )
  }
  const reader: Reader = { fields, budget: patternBudget() }
  const ranks = patterns(reader, 'rank_pattern', isRank)
  const alphas = patterns(reader, 'alpha_pattern', Number.isFinite)
  const base = fields.get('base_model_name_or_path')
  return {
    rslora: fields.get('use_rslora') === true,
    fanInFanOut: fields.get('fan_in_fan_out') === true,
    base: typeof base === 'string' && base !== '' ? base : null,
    rankOf: (path) => firstMatch(ranks, path) ?? rank,
    loraAlphaOf: (path) => firstMatch(alphas, path) ?? loraAlpha,
    targets: targetTest(reader)
  }
}

function parse(text: string): Fields {
  try {
    return fieldsOf(JSON.parse(text))
  } catch (cause) {
    throw new LabError('format', 'adapter_config.json is not JSON: save the adapter with PEFT again', { cause })
  }
}

function refuse(fields: Fields): void {
  const type = fields.get('peft_type')
  if (type === undefined && (fields.has('lora_parameters') || fields.has('fine_tune_type'))) {
    throw new LabError('adapter', `this adapter ${mlx}`)
  }
  if (type !== 'LORA') {
    throw new LabError(
      'adapter',
      `a LoRA adapter (peft_type LORA) was expected, this one is ${excerpt(type)}: train it with LoraConfig, ${merge}`
    )
  }
  for (const [name, what] of refusals) {
    if (isSet(fields.get(name))) throw new LabError('adapter', `this adapter ${what}`)
  }
  const bias = fields.get('bias') ?? 'none'
  if (bias !== 'none') {
    throw new LabError(
      'adapter',
      `this adapter trains biases, too (bias "${excerpt(bias)}"): train it with bias="none", ${merge}`
    )
  }
  const init = fields.get('init_lora_weights')
  if (typeof init === 'string' && changesBase.test(init)) {
    throw new LabError(
      'adapter',
      `this adapter was begun with ${excerpt(init)}, which takes a part out of the base's weights: save it with path_initial_model_for_weight_conversion, which makes it a plain LoRA`
    )
  }
}

/** Anything but false, null, an empty list or an empty object. */
function isSet(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== false
}

function isRank(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0
}

type Ranked = readonly [key: Pattern, value: number]

/** Keys are regular expressions at the end of a path, at a dot or at its start; the first that matches counts (get_pattern_key). */
function patterns(reader: Reader, name: string, isValid: (value: number) => boolean): readonly Ranked[] {
  return [...fieldsOf(reader.fields.get(name))].map(([key, value]) => {
    if (typeof value === 'number' && isValid(value))
      return [pythonRegex(`(.*\\.)?(${scoped(key)})$`, name, reader), value]
    throw new LabError(
      'adapter',
      `${name} gives ${excerpt(value)} for ${excerpt(key)}, a number was expected: save the adapter with PEFT`
    )
  })
}

const firstMatch = (all: readonly Ranked[], path: string): number | undefined =>
  all.find(([key]) => key.match(path) !== null)?.[1]

/** PEFT's check_target_module_exists. */
function targetTest(reader: Reader): ((path: string) => boolean) | null {
  const { fields } = reader
  const target = fields.get('target_modules')
  const excludes = namesTest('exclude_modules', reader) ?? (() => false)
  if (typeof target === 'string' && target.toLowerCase() === 'all-linear') return (path) => !excludes(path)
  const names = namesTest('target_modules', reader)
  if (!names) return null
  // A regular expression says by itself which layers it means.
  const inLayers = typeof target === 'string' ? () => true : layersTest(reader)
  return (path) => names(path) && !excludes(path) && inLayers(path)
}

/** A list names paths or their ends at a dot; a text is a regular expression for the whole path. */
function namesTest(name: string, reader: Reader): ((path: string) => boolean) | null {
  const value = reader.fields.get(name)
  if (typeof value === 'string' && value !== '') {
    const whole = pythonRegex(`(?:${scoped(value)})$`, name, reader)
    return (path) => whole.match(path) !== null
  }
  const names = new Set(Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [])
  return names.size === 0 ? null : (path) => endsOf(path).some((end) => names.has(end))
}

/** A path and its ends at a dot. */
function endsOf(path: string): readonly string[] {
  const parts = path.split('.')
  return parts.map((_, i) => parts.slice(i).join('.'))
}

/** layers_to_transform, by the first number that follows a name (that `layers_pattern` may give). */
function layersTest(reader: Reader): (path: string) => boolean {
  const { fields } = reader
  const wanted = [fields.get('layers_to_transform') ?? []].flat()
  if (wanted.length === 0) return () => true
  const given = [fields.get('layers_pattern') ?? []]
    .flat()
    .filter((each): each is string => typeof each === 'string' && each !== '')
  const sources = given.length === 0 ? [anyLayers] : given.map((each) => `(?:^|.*?\\.)${each}\\.(?<idx>\\d+)\\.`)
  const places = sources.map((source) => pythonRegex(source, 'layers_pattern', reader))
  return (path) => {
    const found = places.map((place) => place.match(path)).find((groups) => groups !== null)
    return found?.has('idx') === true && wanted.includes(Number(found.get('idx')))
  }
}

const anyLayers = '.*?\\.[^.]*\\.(?<idx>\\d+)\\.'

/** Flags for a whole pattern, `(?i)`, as a group that has them: JavaScript knows no others. Those of texts (`a`, `u`) change nothing here. */
function scoped(pattern: string): string {
  const [start = '', flags = ''] = /^\(\?([a-zA-Z]+)\)/.exec(pattern) ?? []
  const own = flags.replace(/[au]/g, '')
  return own === '' ? pattern.slice(start.length) : `(?${own}:${pattern.slice(start.length)})`
}

/** A Python pattern as `re.match` takes it: anchored at the start. */
function pythonRegex(pattern: string, name: string, { budget }: Reader): Pattern {
  const source = pattern
    .replaceAll('(?P<', '(?<')
    .replace(/\(\?P=(\w+)\)/g, '\\k<$1>')
    .replaceAll('\\Z', '$')
    .replaceAll('\\A', '^')
  try {
    return compilePattern(source, name, budget)
  } catch (cause) {
    const text = `${name} holds ${excerpt(pattern)}, which is no regular expression: correct adapter_config.json`
    throw new LabError('adapter', text, { cause })
  }
}
