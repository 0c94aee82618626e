/** LoRA adapters in PEFT's format: adapter_config.json and adapter_model.safetensors. */
import { excerpt, LabError } from '../errors'
import { readPeftConfig, type PeftConfig } from './peft-config'
import { readSafetensors, tensorFloats, type NamedTensor } from './safetensors'
import { quoted } from './text'

/** One module's pair, as the instrumented graph takes it: delta = (x A) B. */
export interface LoraPair {
  readonly layer: number
  readonly module: string
  /** Path inside the layer, `self_attn.q_proj`; the module is its end. */
  readonly inside: string
  readonly rank: number
  readonly in: number
  readonly out: number
  /** [in][rank] */
  readonly A: Float32Array
  /** [rank][out], times loraAlpha / rank (or / sqrt(rank) for rsLoRA) */
  readonly B: Float32Array
}

export interface PeftAdapter {
  readonly pairs: readonly LoraPair[]
  /** base_model_name_or_path */
  readonly base: string | null
  /** The config says fan_in_fan_out. */
  readonly fanInFanOut: boolean
  /** Pairs of an image or sound encoder, which a text model does not have; left out. */
  readonly outside: number
  /** Modules that the config asks for in a model of so many layers, and the file lacks; as paths in the base model. */
  missing(layers: number): readonly string[]
}

/** A module with its two matrices, by its path in the base model. */
interface Place {
  readonly path: string
  readonly layer: number
  /** Path inside its layer, `self_attn.q_proj`. */
  readonly inside: string
  readonly A: Half | undefined
  readonly B: Half | undefined
}

interface Half {
  readonly name: string
  readonly tensor: NamedTensor
}

const encoder = /(^|\.)(vision\w*|visual|image\w*|audio\w*|multi_modal_projector|mm_projector)(\.|$)/

/** @throws LabError `adapter` for anything but a LoRA on linear layers, `format` for files that are not whole */
export function readPeft(configText: string, weights: Uint8Array): PeftAdapter {
  const config = readPeftConfig(configText)
  const halves = pairUp(readSafetensors(weights))
  const inside = [...halves.keys()].filter((path) => !encoder.test(path))
  if (inside.length === 0) {
    throw new LabError(
      'adapter',
      'adapter_model.safetensors adapts no layer of the language model: save the adapter with PEFT'
    )
  }
  const places = inside.map((path) => placeOf(path, halves.get(path)))
  return {
    pairs: places.map((place) => readPair(config, place)),
    base: config.base,
    fanInFanOut: config.fanInFanOut,
    outside: halves.size - inside.length,
    missing: (layers) => missing(config, places, layers)
  }
}

/** Both halves of every module, whether the tensors' names have PEFT's prefix and the adapter's name or not. */
function pairUp(tensors: ReadonlyMap<string, NamedTensor>): Map<string, { A?: Half; B?: Half }> {
  const found = new Map<string, { A?: Half; B?: Half }>()
  for (const [name, tensor] of tensors) {
    const [, path, side] = /^(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.\w+)?\.weight$/.exec(name) ?? []
    if (path === undefined || (side !== 'A' && side !== 'B')) throw strange(name)
    const halves = found.get(path) ?? {}
    if (halves[side]) {
      throw new LabError(
        'adapter',
        `${excerpt(`${name} and ${halves[side].name}`)} are of two adapters: save each in a folder of its own`
      )
    }
    found.set(path, { ...halves, [side]: { name, tensor } })
  }
  return found
}

function strange(name: string): LabError {
  const what = name.includes('lora_embedding')
    ? 'adapts an embedding'
    : name.includes('lora_magnitude')
      ? 'belongs to DoRA'
      : 'is no half of a LoRA pair (lora_A.weight, lora_B.weight)'
  return new LabError(
    'adapter',
    `the tensor ${excerpt(name)} ${what}: only LoRA on linear layers can be attached; train it so, or merge it into its base`
  )
}

function placeOf(path: string, halves: { A?: Half; B?: Half } = {}): Place {
  const [, layer, inside] = /(?:^|\.)(?:layers?|h|blocks?)\.(\d+)\.(.+)$/.exec(path) ?? []
  if (layer !== undefined && inside !== undefined) {
    return { path, layer: Number(layer), inside, A: halves.A, B: halves.B }
  }
  throw new LabError(
    'adapter',
    `the adapter changes ${excerpt(path)}, which lies outside of the numbered layers: train it on the layers' linear modules only`
  )
}

const moduleOf = ({ inside }: Place): string => inside.slice(inside.lastIndexOf('.') + 1)

function readPair(config: PeftConfig, place: Place): LoraPair {
  const { path, A, B } = place
  const [rank = 0, width = 0] = A?.tensor.shape ?? []
  const [out = 0, rankB = 0] = B?.tensor.shape ?? []
  const isPair = A?.tensor.shape.length === 2 && B?.tensor.shape.length === 2 && rank === rankB
  if (!isPair || rank * width * out === 0) {
    const shapes = [A, B].map((each) => (each ? `[${each.tensor.shape.join(', ')}]` : 'missing'))
    throw new LabError(
      'adapter',
      `${quoted(path)} should have lora_A [r, in] and lora_B [out, r], they are ${excerpt(shapes.join(' and '))}: is the file whole?`
    )
  }
  const expected = config.rankOf(path)
  if (expected !== rank) {
    throw new LabError(
      'adapter',
      `${excerpt(path)} has rank ${rank}, adapter_config.json says ${expected}: the two files do not belong together`
    )
  }
  const scaling = config.loraAlphaOf(path) / (config.rslora ? Math.sqrt(rank) : rank)
  return {
    layer: place.layer,
    module: moduleOf(place),
    inside: place.inside,
    rank,
    in: width,
    out,
    A: transposed(A, 1),
    B: transposed(B, scaling)
  }
}

const attention = ['q_proj', 'k_proj', 'v_proj'].map((name) => `self_attn.${name}`)
const gates = ['gate_proj', 'up_proj'].map((name) => `mlp.${name}`)

/** Modules as a family has them: apart, fused, or either where the adapter shows neither. */
function familyModules(seen: ReadonlySet<string>): readonly string[] {
  const either = (apart: readonly string[], fused: string): readonly string[] =>
    apart.some((name) => seen.has(name)) ? apart : seen.has(fused) ? [fused] : [...apart, fused]
  return [
    ...either(attention, 'self_attn.qkv_proj'),
    'self_attn.o_proj',
    ...either(gates, 'mlp.gate_up_proj'),
    'mlp.down_proj'
  ]
}

function missing({ targets }: PeftConfig, places: readonly Place[], layers: number): string[] {
  const have = new Set(places.map(({ path }) => path))
  const [first] = places
  if (!targets || !first) return []
  const prefix = first.path.slice(0, first.path.length - `${first.layer}.${first.inside}`.length)
  const seen = new Set(places.map(({ inside }) => inside))
  const names = new Set([...seen, ...familyModules(seen)])
  return Array.from({ length: layers }, (_, layer) => [...names].map((inside) => `${prefix}${layer}.${inside}`))
    .flat()
    .filter((path) => targets(path) && !have.has(path))
}

/** A matrix `[rows][columns]` as `[columns][rows]`, times `scale`. @throws LabError `adapter` for NaN or infinity */
function transposed({ name, tensor }: Half, scale: number): Float32Array {
  const [rows = 0, columns = 0] = tensor.shape
  const data = tensorFloats(name, tensor)
  const out = new Float32Array(data.length)
  let check = 0
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const value = (data[r * columns + c] ?? 0) * scale
      out[c * rows + r] = value
      check += value * 0
    }
  }
  if (check === 0) return out
  throw new LabError(
    'adapter',
    `the tensor ${excerpt(name)} holds NaN or infinity: its training went wrong, take an earlier checkpoint`
  )
}
