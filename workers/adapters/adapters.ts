/** An adapter from its files to what a model takes: read, checked against the model, and told about. */
import { readPeft, type LoraPair, type PeftAdapter } from '../../src/formats/peft'
import type { AdapterInfo, ModelInfo, Progress } from '../../src/lab/api'
import { isSameName } from '../../src/lab/model-name'
import { sha256 } from '../../src/math/sha256'
import type { GraphInfo } from '../../src/onnx/describe'
import { readAdapterFiles } from './adapter-files'
import { fitAdapter } from './adapter-fit'
import type { ModelFiles } from '../host/host'

/** An adapter that was read and fits the open model. */
export interface LoadedAdapter {
  readonly info: AdapterInfo
  /** Under the module names of the model's graph. */
  readonly pairs: readonly LoraPair[]
}

/** @throws LabError `adapter`, `format`, `checksum`, `network`, `memory` */
export async function loadAdapter(
  files: ModelFiles,
  graph: GraphInfo,
  model: ModelInfo,
  onProgress: (progress: Progress) => void
): Promise<LoadedAdapter> {
  const began = performance.now()
  const { id, name, config, weights } = await readAdapterFiles(files, onProgress)
  const adapter = readPeft(new TextDecoder().decode(config), weights)
  const pairs = fitAdapter(adapter, graph)
  const info: AdapterInfo = {
    id,
    name,
    sha256: await sha256(joined(config, weights)),
    base: adapter.base,
    modules: adapter.pairs.map(({ layer, module, rank }) => ({ layer, module, rank })),
    parameters: adapter.pairs.reduce((sum, pair) => sum + pair.A.length + pair.B.length, 0),
    notes: notes(adapter, model),
    timing: { load: performance.now() - began, reopen: 0 }
  }
  return { info, pairs }
}

function notes({ base, outside, fanInFanOut, pairs }: PeftAdapter, model: ModelInfo): string[] {
  const all: string[] = []
  if (base !== null && !isSameName(base, model.name)) {
    all.push(
      `It names ${base} as its base, the open model is ${model.name}: if these are other weights, it does something else here.`
    )
  }
  if (fanInFanOut) {
    all.push(
      'Its config sets fan_in_fan_out, as for Conv1D layers: the adapter is not merged, so it changes nothing here.'
    )
  }
  if (outside > 0) {
    all.push(`${outside} modules of an image or sound encoder are left out: only text goes in here.`)
  }
  if (pairs.every(({ B }) => B.every((x) => x === 0))) {
    all.push('All its B matrices are zero, as before training: it changes nothing.')
  }
  return all
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length)
  all.set(a)
  all.set(b, a.length)
  return all
}
