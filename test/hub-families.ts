/**
 * The four repositories of the preset `full`, laid out as on the hub: graphs whose weights lie beside them, and Ministral 3
 * inside its vision wrapper, as an embedding and a decoder. Their weights are the organisms', so that answers mean something.
 */
import { readFile } from 'node:fs/promises'
import { Graph } from '../src/onnx/graph'
import { encodeModel, makeExternal, makeValueInfo, type NodeProto } from '../src/onnx/proto'
import { families } from '../src/study/presets'
import { repoOf, type HubRepo } from './hub-repos'

type Contents = Record<string, Uint8Array | string>

/** The organism of each family, by the family's key in the preset. */
export const organismOf: Readonly<Record<string, string>> = {
  'qwen2.5': 'qwen2',
  gemma2: 'gemma2',
  'llama3.2': 'llama',
  ministral3: 'ministral3'
}

/** By `owner/name`. */
export async function familyRepos(): Promise<Record<string, HubRepo>> {
  const repos: Record<string, HubRepo> = {}
  for (const { key, source } of families) {
    if (source.kind !== 'hub') throw new Error(`${key} is not on the hub`)
    repos[source.repo] = repoOf(await contentsOf(key))
  }
  return repos
}

/** The folder of a file of an organism. */
export const organismFolder = (key: string): URL =>
  new URL(`../public/models/${organismOf[key] ?? key}/`, import.meta.url)

async function contentsOf(key: string): Promise<Contents> {
  const read = (path: string): Promise<Buffer> => readFile(new URL(path, organismFolder(key)))
  const texts = ['config.json', 'generation_config.json', 'tokenizer.json', 'tokenizer_config.json']
  const contents: Contents = Object.fromEntries(
    await Promise.all(texts.map(async (path) => [path, new Uint8Array(await read(path))] as const))
  )
  const graph = new Uint8Array(await read('onnx/model_q4.onnx'))
  if (key !== 'ministral3') return { ...contents, ...weightsBeside(new Graph(graph), 'model_q4.onnx') }
  const config: unknown = JSON.parse((await read('config.json')).toString())
  const architectures = ['Mistral3ForConditionalGeneration']
  return {
    ...contents,
    'config.json': JSON.stringify({ model_type: 'mistral3', architectures, text_config: config }),
    ...weightsBeside(embeddingOf(new Graph(graph)), 'embed_tokens_q4.onnx'),
    ...weightsBeside(decoderOf(new Graph(graph)), 'decoder_model_merged_q4.onnx')
  }
}

/** A graph and the file that its larger weights lie in. */
function weightsBeside(graph: Graph, name: string): Contents {
  const parts: Uint8Array[] = []
  let at = 0
  graph.proto.initializer = graph.proto.initializer.map((tensor) => {
    const { rawData } = tensor
    if (rawData.length < 1024) return tensor
    parts.push(rawData)
    at += rawData.length
    return makeExternal(tensor, `${name}_data`, at - rawData.length, rawData.length)
  })
  return { [`onnx/${name}`]: encodeModel(graph.model), [`onnx/${name}_data`]: Buffer.concat(parts) }
}

const embedsOf = (graph: Graph): string => {
  const [name] = graph.consumers.get('input_ids')?.flatMap(({ output }) => output) ?? []
  if (name === undefined) throw new Error('the graph takes no input_ids')
  return name
}

/** What turns tokens into embeddings. */
function embeddingOf(graph: Graph): Graph {
  const embeds = embedsOf(graph)
  const { elemType, shape } = activations(graph)
  keep(graph, [embeds])
  graph.proto.input = graph.proto.input.filter(({ name }) => name === 'input_ids')
  graph.proto.output = [makeValueInfo(embeds, elemType, shape)]
  return graph
}

/** The rest, which takes them. */
function decoderOf(graph: Graph): Graph {
  const embeds = embedsOf(graph)
  const { elemType, shape } = activations(graph)
  for (const node of graph.consumers.get(embeds) ?? []) {
    node.input = node.input.map((name) => (name === embeds ? 'inputs_embeds' : name))
  }
  keep(
    graph,
    graph.proto.output.map(({ name }) => name)
  )
  const others = graph.proto.input.filter(({ name }) => name !== 'input_ids')
  graph.proto.input = [makeValueInfo('inputs_embeds', elemType, shape), ...others]
  return graph
}

function activations(graph: Graph): { elemType: number; shape: (string | number)[] } {
  const elemType = graph.elementType('logits')
  if (elemType === undefined) throw new Error('the graph has no logits')
  return { elemType, shape: ['batch_size', 'sequence_length', 'hidden_size'] }
}

/** Drops the nodes and weights that these tensors do not need. */
function keep(graph: Graph, tensors: readonly string[]): void {
  const needed = new Set<NodeProto>()
  const follow = (name: string): void => {
    const node = graph.producer.get(name)
    if (!node || needed.has(node)) return
    needed.add(node)
    node.input.forEach(follow)
  }
  tensors.forEach(follow)
  graph.proto.node = graph.proto.node.filter((node) => needed.has(node))
  const used = new Set(graph.proto.node.flatMap(({ input }) => input))
  graph.proto.initializer = graph.proto.initializer.filter(({ name }) => used.has(name))
  graph.proto.valueInfo = []
}
