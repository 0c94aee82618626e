/** The embedding of decoders that take `inputs_embeds`: a small graph of its own. */
import { LabError } from '../../src/errors'
import type { Progress } from '../../src/lab/api'
import { Graph } from '../../src/onnx/graph'
import { externalRange } from '../../src/onnx/proto'
import type { ModelFiles, Runtime, Tensor } from '../host/host'
import { runError } from '../session'
import { intTensor } from './tensors'

export async function openEmbedding(
  runtime: Runtime,
  files: ModelFiles,
  path: string,
  onProgress: (progress: Progress) => void
): Promise<(ids: BigInt64Array, dims: readonly number[]) => Promise<Tensor>> {
  const file = await files.read(path, onProgress)
  const parent = path.slice(0, path.lastIndexOf('/') + 1)
  const names = externalFiles(file)
  const root = await files.folder([path, ...names.map((name) => parent + name)], onProgress)
  const locations = root === undefined ? names : []
  const weights = await Promise.all(
    locations.map(async (name) => ({ path: name, data: await files.read(parent + name, onProgress) }))
  )
  const session = await runtime.createSession(file, weights, {
    keepOnDevice: [],
    folder: root === undefined ? undefined : `${root}/${parent}`
  })
  const [input] = session.inputNames
  const [output] = session.outputNames
  if (input === undefined || output === undefined)
    throw new LabError('graph', `${path} should turn token ids into embeddings, it has no input or output`)
  return async (ids, dims) => {
    try {
      const result = (await session.run({ [input]: intTensor(runtime, ids, dims) }))[output]
      if (result) return result
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
