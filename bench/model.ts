/** The model's files, and sessions over its graphs without our engine. */
import { existsSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import * as ort from 'onnxruntime-node'
import type { Dtype } from '../src/lab/api'
import { instrument, type Instrumented } from '../src/onnx/instrument'
import type { Plan } from '../src/onnx/plan'
import { chooseGraph } from '../workers/choose'

/** One line that says what to do; run.ts prints it and ends. */
export class NoModel extends Error {
  constructor(model: string) {
    super(`no model at ${model}: make it with npm run model:smollm2, or name a folder with --model`)
  }
}

export function requireModel(model: string): void {
  if (!existsSync(join(model, 'config.json'))) throw new NoModel(model)
}

/** Path of the graph file of a dtype. */
export async function graphPath(model: string, dtype: Dtype): Promise<string> {
  const inside = (await readdir(join(model, 'onnx'))).map((name) => `onnx/${name}`)
  return join(model, chooseGraph(inside, { device: 'cpu', half: false, reason: '' }, dtype).graph)
}

/** A session on the file as it is. */
export async function untouchedSession(model: string, dtype: Dtype): Promise<ort.InferenceSession> {
  return ort.InferenceSession.create(await graphPath(model, dtype), { logSeverityLevel: 3 })
}

export async function instrumented(model: string, dtype: Dtype, plan: Plan): Promise<Instrumented> {
  const path = await graphPath(model, dtype)
  return instrument(await readFile(path), plan, path.slice(path.lastIndexOf('/') + 1))
}

/** A session on the instrumented graph, without our engine. */
export async function instrumentedSession(model: string, dtype: Dtype, plan: Plan): Promise<ort.InferenceSession> {
  const { bytes } = await instrumented(model, dtype, plan)
  const extra = { session: { model_external_initializers_file_folder_path: join(model, 'onnx') } }
  return ort.InferenceSession.create(bytes, { logSeverityLevel: 3, extra })
}
