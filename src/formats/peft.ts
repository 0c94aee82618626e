/** LoRA adapters in PEFT's format: adapter_config.json and adapter_model.safetensors. */
import { LabError } from '../errors'
import { fieldsOf } from './fields'
import { quoted } from './record'
import { readSafetensors, tensorFloats, type NamedTensor } from './safetensors'

/** One module's pair, as the instrumented graph takes it: delta = scaling * (x A) B. */
export interface LoraPair {
  readonly layer: number
  readonly module: string
  readonly rank: number
  readonly in: number
  readonly out: number
  /** [in][rank] */
  readonly A: Float32Array
  /** [rank][out], times loraAlpha / rank (or / sqrt(rank) for rsLoRA) */
  readonly B: Float32Array
}

interface LoraConfig {
  readonly rank: number
  readonly loraAlpha: number
  readonly rslora: boolean
  readonly rankPattern: Readonly<Record<string, number>>
  readonly alphaPattern: Readonly<Record<string, number>>
}

/** @throws LabError `adapter` for anything but a LoRA on linear layers, `format` for files that are not whole */
export function readPeft(configText: string, weights: Uint8Array): LoraPair[] {
  const config = readConfig(configText)
  const tensors = readSafetensors(weights)
  const pairs = [...tensors].flatMap(([name, tensor]) =>
    name.includes('.lora_A.') ? [pair(config, tensors, name, tensor)] : []
  )
  if (pairs.length === 0) {
    const some = [...tensors.keys()].slice(0, 2).join(', ')
    throw new LabError(
      'adapter',
      `LoRA weights (…lora_A.weight) were expected, the file holds ${some || 'nothing'}: save the adapter with PEFT`
    )
  }
  return pairs
}

function readConfig(text: string): LoraConfig {
  let fields: ReadonlyMap<string, unknown>
  try {
    fields = fieldsOf(JSON.parse(text))
  } catch (cause) {
    throw new LabError('format', 'adapter_config.json is not JSON: save the adapter with PEFT again', { cause })
  }
  const type = fields.get('peft_type')
  const rank = fields.get('r')
  const loraAlpha = fields.get('lora_alpha')
  if (type !== 'LORA' || typeof rank !== 'number' || typeof loraAlpha !== 'number') {
    throw new LabError(
      'adapter',
      `a LoRA adapter (peft_type LORA, r, lora_alpha) was expected, got peft_type ${String(type)}`
    )
  }
  if (fields.get('use_dora') === true)
    throw new LabError(
      'adapter',
      'this adapter uses DoRA, which cannot run un-merged here: train it with use_dora=False'
    )
  if (fields.get('fan_in_fan_out') === true)
    throw new LabError(
      'adapter',
      'this adapter is for Conv1D layers (fan_in_fan_out): only linear layers can be adapted'
    )
  return {
    rank,
    loraAlpha,
    rslora: fields.get('use_rslora') === true,
    rankPattern: numbers(fields.get('rank_pattern')),
    alphaPattern: numbers(fields.get('alpha_pattern'))
  }
}

function numbers(value: unknown): Record<string, number> {
  return Object.fromEntries(
    [...fieldsOf(value)].filter((entry): entry is [string, number] => typeof entry[1] === 'number')
  )
}

function pair(config: LoraConfig, tensors: ReadonlyMap<string, NamedTensor>, name: string, a: NamedTensor): LoraPair {
  const other = name.replace('.lora_A.', '.lora_B.')
  const b = tensors.get(other)
  const [, layer, path] = /layers?\.(\d+)\.([^]+)$/.exec(name.slice(0, name.indexOf('.lora_A.'))) ?? []
  const module = path?.split('.').at(-1)
  if (!b || layer === undefined || module === undefined) {
    throw new LabError(
      'adapter',
      `${quoted(name)} should belong to a numbered layer and have its pair: this adapter changes something else`
    )
  }
  const [rank = 0, width = 0] = a.shape
  const [out = 0, rankB = 0] = b.shape
  // Sizes of 0 take no bytes, so that the others could be anything.
  if (a.shape.length !== 2 || b.shape.length !== 2 || rank !== rankB || rank * width * out === 0) {
    throw new LabError(
      'adapter',
      `${quoted(name)} is [${a.shape.join(', ')}] and its pair [${b.shape.join(', ')}]: [r, in] and [out, r] were expected`
    )
  }
  const full = name.replace(/^base_model\.model\./, '').replace(/\.lora_A\..*$/, '')
  const alpha = byPattern(config.alphaPattern, full) ?? config.loraAlpha
  const expected = byPattern(config.rankPattern, full) ?? config.rank
  if (expected !== rank)
    throw new LabError(
      'adapter',
      `${quoted(full)} has rank ${rank}, adapter_config.json says ${expected}: the two files do not belong together`
    )
  const scaling = config.rslora ? alpha / Math.sqrt(rank) : alpha / rank
  return {
    layer: Number(layer),
    module,
    rank,
    in: width,
    out,
    A: transpose(tensorFloats(name, a), rank, width),
    B: transpose(tensorFloats(other, b), out, rank).map((x) => x * scaling)
  }
}

/** PEFT matches a pattern's key against the end of the module's path, at a dot, or as a regular expression there. */
function byPattern(pattern: Readonly<Record<string, number>>, path: string): number | undefined {
  return Object.entries(pattern).find(([key]) => path === key || path.endsWith(`.${key}`))?.[1]
}

/** `[rows][columns]` to `[columns][rows]` */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length)
  for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) out[c * rows + r] = data[r * columns + c] ?? 0
  return out
}
