/** Whether an adapter belongs to a model: by the shapes of its modules, in every layer that it names. */
import { LabError } from '../../src/errors'
import type { LoraPair, PeftAdapter } from '../../src/formats/peft'
import type { GraphInfo } from '../../src/onnx/describe'

type Shape = Pick<GraphInfo, 'layers' | 'linears'>

const fused = new Map([
  ['qkv_proj', ['q_proj', 'k_proj', 'v_proj']],
  ['gate_up_proj', ['gate_proj', 'up_proj']]
])

/** What onnxruntime-genai's builder calls modules that some families name otherwise. */
const aliases = new Map([
  ['dense', ['o_proj']],
  ['out_proj', ['o_proj']]
])

/** @throws LabError `adapter` where shapes, layers or modules differ, or the file lacks modules that its config asks for */
export function fitAdapter(adapter: PeftAdapter, model: Shape): LoraPair[] {
  if (model.linears.length === 0) {
    throw new LabError(
      'adapter',
      'this graph does not name the linear layers of its blocks, so no adapter can be attached: open another export of the model'
    )
  }
  const pairs = fitPairs(adapter.pairs, model)
  const missing = adapter.missing(model.layers)
  if (missing.length > 0) {
    throw new LabError(
      'adapter',
      `adapter_config.json asks for ${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more` : ''}, which ` +
        `adapter_model.safetensors lacks: it is not whole, or was trained on a model of fewer layers than this one's ${model.layers}`
    )
  }
  return pairs
}

/** The pairs under the module names of the graph; a fused module is cut by its columns. @throws LabError `adapter` */
export function fitPairs(pairs: readonly LoraPair[], { layers, linears }: Shape): LoraPair[] {
  const slots = new Map<string, { readonly module: string; readonly in: number; readonly out: number }>()
  for (const { layer, parts, in: width } of linears) {
    for (const { module, out } of parts) slots.set(`${layer} ${module}`, { module, in: width, out })
  }
  const fitted = pairs.map((pair) => ({ pair, parts: partsOf(pair, (name) => slots.get(`${pair.layer} ${name}`)) }))
  requireOnce(fitted)
  return fitted.flatMap(({ pair, parts }) => {
    const out = parts.reduce((sum, part) => sum + part.out, 0)
    const [first] = parts
    if (!first || first.in !== pair.in || out !== pair.out) {
      throw new LabError(
        'adapter',
        `the adapter changes ${pair.module} [${pair.in}, ${pair.out}] of layer ${pair.layer}, the open model has ` +
          `${first ? `[${first.in}, ${out}] there` : `${layers} layers and no such module`}: it was trained on another model`
      )
    }
    let from = 0
    return parts.map((part) => {
      const B = columns(pair, from, part.out)
      from += part.out
      return { ...pair, module: part.module, inside: part.module, out: part.out, B }
    })
  })
}

/** Experts of a mixture have the same names: none of them may stand for all. */
function requireOnce(
  fitted: readonly { readonly pair: LoraPair; readonly parts: readonly { readonly module: string }[] }[]
): void {
  const seen = new Map<string, string>()
  for (const { pair, parts } of fitted) {
    for (const { module } of parts) {
      const key = `${pair.layer} ${module}`
      const other = seen.get(key)
      if (other !== undefined) {
        throw new LabError(
          'adapter',
          `the adapter changes both ${other} and ${pair.inside} of layer ${pair.layer}, the open model has one module for both: ` +
            `it was trained on another model`
        )
      }
      seen.set(key, pair.inside)
    }
  }
}

/** A module of the graph that a pair belongs to, or the modules that the graph has apart and the adapter fused. */
function partsOf<Slot>({ inside }: LoraPair, slot: (name: string) => Slot | undefined): Slot[] {
  const path = inside.split('.')
  for (let length = 1; length <= path.length; length++) {
    const name = path.slice(-length).join('.')
    const found = [name, ...(aliases.get(name) ?? [])].flatMap((each) => slot(each) ?? []).slice(0, 1)
    if (found.length > 0) return found
    const parts = (fused.get(name) ?? []).flatMap((part) => slot(part) ?? [])
    if (parts.length > 0) return parts
  }
  return []
}

/** `count` columns of B `[rank][out]`. */
function columns({ B, rank, out }: LoraPair, from: number, count: number): Float32Array {
  if (count === out) return B
  const cut = new Float32Array(rank * count)
  for (let r = 0; r < rank; r++) cut.set(B.subarray(r * out + from, r * out + from + count), r * count)
  return cut
}
