/** The embedding of decoders that take `inputs_embeds`: a small graph of its own. */
import { LabError } from '../../src/errors'
import type { Progress } from '../../src/lab/api'
import { Graph } from '../../src/onnx/graph'
import { externalRange } from '../../src/onnx/proto'
import type { FloatType } from '../../src/onnx/types'
import type { ModelFiles, Runtime, Tensor } from '../host/host'
import { runError } from '../session'
import { intTensor, floatsOf, floatTensor } from './tensors'
import { parent } from '../paths'

/** @param type what the decoder takes: the two files need not be of one precision */
export async function openEmbedding(
  runtime: Runtime,
  files: ModelFiles,
  path: string,
  type: FloatType,
  onProgress: (progress: Progress) => void
): Promise<(ids: BigInt64Array, dims: readonly number[]) => Promise<Tensor>> {
  const file = await files.read(path, onProgress)
  const folder = parent(path)
  const names = externalFiles(file)
  const root = await files.folder([path, ...names.map((name) => folder + name)], onProgress)
  const locations = root === undefined ? names : []
  const weights = await Promise.all(
    locations.map(async (name) => ({ path: name, data: await files.read(folder + name, onProgress) }))
  )
  const session = await runtime.createSession(file, weights, {
    keepOnDevice: [],
    folder: root === undefined ? undefined : `${root}/${folder}`
  })
  const [input] = session.inputNames
  const [output] = session.outputNames
  if (input === undefined || output === undefined)
    throw new LabError('graph', `${path} should turn token ids into embeddings, it has no input or output`)
  return async (ids, dims) => {
    try {
      const result = (await session.run({ [input]: intTensor(runtime, ids, dims) }))[output]
      if (result) return result.type === type ? result : floatTensor(runtime, type, await floatsOf(result), result.dims)
    } catch (cause) {
      throw runError(cause)
    }
    throw new LabError('graph', `${path} did not return ${output}`)
  }
}

function externalFiles(file: Uint8Array): string[] {
  const graph = new Graph(file)
  return [...new Set(graph.proto.initializer.flatMap((tensor) => externalRange(tensor)?.location ?? []))]
}
