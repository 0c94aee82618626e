/** Opens a model: choose the files, edit the graph, create the session. A straight recipe. */
import { excerpt, LabError } from '../src/errors'
import { refuseLfsPointer } from '../src/formats/lfs'
import type { ModelInfo, OpenOptions, Progress } from '../src/lab/api'
import { describe, type GraphInfo } from '../src/onnx/describe'
import { expandedSize } from '../src/onnx/expand'
import { Graph } from '../src/onnx/graph'
import { instrumentGraph, type Instrumented } from '../src/onnx/instrument'
import type { Plan } from '../src/onnx/plan'
import { chooseGraph, type Choice } from './choose'
import { parseModelJson, readConfig, type ModelConfig } from './config'
import { openEmbedding } from './run/embedding'
import { fingerprint } from './fingerprint'
import type { DeviceOffer, Host, ModelFiles, Runtime, Weights } from './host/host'
import { estimateMemory, refuseTooLarge, type MemoryNeed } from './memory'
import { checkWholePrompts } from './run/liveness'
import { DecoderSession } from './session'
import { Tokens } from './tokens'
import { baseName, parent } from './paths'

/** A model that is open: what it is, and what runs it. `stop` holds the ids of tokens that end an answer. */
export interface OpenModel {
  readonly info: ModelInfo
  readonly config: ModelConfig
  readonly runtime: Runtime
  readonly session: DecoderSession
  readonly tokens: Tokens
  readonly stop: ReadonlySet<number>
}

type OnProgress = (progress: Progress) => void

/**
 * Opens a model: its texts, its graph edited for reading and steering, its session. A runtime that was opened is released where it fails.
 * @throws LabError `format`, `graph`, `checksum`, `memory`, `device`, `onnx`, and what reading the files throws (`network`, `AbortError`)
 */
export async function openModel(
  host: Host,
  files: ModelFiles,
  options: OpenOptions,
  onProgress: OnProgress
): Promise<OpenModel> {
  const listing = await files.list()
  const { config, tokens } = await readTexts(files, listing, onProgress)
  const offer = await pickOffer(host, options)
  const choice = chooseGraph(listing.keys(), offer, options.dtype)
  const plan: Plan = {
    read: true,
    select: true,
    probabilities: true,
    write: options.write ?? 'affine',
    keep: options.keepNorm ?? false,
    // On a GPU the inputs stay in buffers of their own, and cutting them would be work for it.
    packed: offer.device !== 'webgpu',
    adapt: options.adapt ? 'joined' : false,
    independent: true,
    plainCaps: offer.device === 'webgpu',
    exact: options.exact ?? false
  }

  const file = await files.read(choice.graph, onProgress)
  refuseLfsPointer(file, choice.graph)
  const graph = new Graph(file, choice.graph)
  const described = describe(graph)
  checkConfig(config, described, choice.graph)
  const { withoutSubgroups = false, threads } = options
  const runtime = await host.openRuntime(offer.device, { withoutSubgroups, threads })
  try {
    const headSize = described.cache.headSize || config.headSize || 0
    const size = { device: offer.device, graphBytes: file.length, headSize }
    const need = (expand: boolean): MemoryNeed => estimateMemory(described, graph, listing, choice, { ...size, expand })
    const wishes = offer.device === 'wasm' && options.keepInt4 !== true && expandedSize(graph) > 0
    const expand = wishes && need(true).resident <= runtime.limits.total
    const memory = need(expand)
    refuseTooLarge(memory, runtime.limits, { name: files.name, choice })
    const beside = described.externalFiles.map((name) => parent(choice.graph) + name)
    const root = expand ? undefined : await files.folder([choice.graph, ...beside], onProgress)
    const folder = root === undefined ? undefined : `${root}/${parent(choice.graph)}`
    if (folder !== undefined) checkWeights(listing, choice.graph, described.externalFiles)
    const readAll = folder === undefined
    const weights = readAll ? await readWeights(files, choice.graph, described.externalFiles, onProgress) : []

    onProgress({ stage: expand ? 'expand' : 'instrument', done: 0, total: 1, unit: 'steps' })
    const began = performance.now()
    const edited = edit(graph, described, file, plan, choice.graph, expand ? weights : null)
    const instrumentMs = performance.now() - began
    onProgress({ stage: 'session', done: 0, total: 1, unit: 'steps' })
    const created = performance.now()
    const raw = await createSession(runtime, edited, folder, file, choice, weights)
    const sessionMs = performance.now() - created
    const embedding = choice.embedding
      ? await openEmbedding(runtime, files, choice.embedding, described.embeds ?? 'float32', onProgress)
      : null
    const session = new DecoderSession({
      runtime,
      session: raw,
      info: described,
      plan,
      headSize,
      padding: config.stop[0] ?? 0,
      embed: embedding
    })
    if (graph.merged) await checkWholePrompts(session)
    const info: ModelInfo = {
      id: files.id,
      sha256: await fingerprint(file, weights, described.externalFiles, files, parent(choice.graph)),
      dtype: choice.dtype,
      adapter: null,
      name: files.name,
      family: config.family,
      layers: described.layers,
      width: described.width,
      vocabulary: described.vocabulary,
      contextLength: Math.min(config.contextLength ?? described.positions ?? 2048, described.positions ?? Infinity),
      ...(config.window !== undefined && { window: config.window }),
      ...(described.limit !== undefined && { limit: described.limit }),
      template: tokens.hasTemplate,
      device: runtime.device,
      deviceReason: reason(offer, options, choice, wishes ? expand : null),
      deviceName: runtime.deviceName,
      write: plan.write ?? 'none',
      adapt: options.adapt ?? false,
      expanded: expand,
      memory,
      timing: { instrument: instrumentMs, session: sessionMs }
    }
    return { info, config, runtime, session, tokens, stop: new Set([...config.stop, ...tokens.stop]) }
  } catch (error) {
    await runtime.release()
    throw error
  }
}

async function readTexts(
  files: ModelFiles,
  listing: ReadonlyMap<string, number>,
  onProgress: OnProgress
): Promise<{ config: ModelConfig; tokens: Tokens }> {
  const text = async (path: string): Promise<string> => {
    const bytes = await files.read(path, onProgress)
    refuseLfsPointer(bytes, path)
    return new TextDecoder().decode(bytes)
  }
  const optional = async (path: string): Promise<string | undefined> => (listing.has(path) ? text(path) : undefined)
  const missing = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].filter((path) => !listing.has(path))
  if (missing.length > 0) {
    throw new LabError(
      'format',
      `${files.name} lacks ${excerpt(missing.join(' and '))}: choose the whole model folder, in the hub's layout`
    )
  }
  const generation = await optional('generation_config.json')
  const config = readConfig(
    parseModelJson(await text('config.json'), 'config.json'),
    generation === undefined ? undefined : parseModelJson(generation, 'generation_config.json')
  )
  const tokens = new Tokens({
    tokenizer: await text('tokenizer.json'),
    config: await text('tokenizer_config.json'),
    template: await optional('chat_template.jinja')
  })
  return { config, tokens }
}

async function pickOffer(host: Host, options: OpenOptions): Promise<DeviceOffer> {
  const offers = await host.offers()
  const offer = options.device ? offers.find(({ device }) => device === options.device) : offers[0]
  if (offer) return offer
  throw new LabError(
    'device',
    `${options.device ?? 'a device'} was asked for, this machine offers ${offers.map(({ device }) => device).join(', ')}: choose one of those`
  )
}

/** A graph and a config that contradict each other do not belong together. */
function checkConfig(config: ModelConfig, info: { layers: number; width: number }, path: string): void {
  if ((config.layers ?? info.layers) === info.layers && (config.width ?? info.width) === info.width) return
  throw new LabError(
    'format',
    `config.json tells of ${config.layers} layers of width ${config.width}, ${path} has ${info.layers} of width ${info.width}: ` +
      `the two files come from different models`
  )
}

/** A mapped folder is not read here, so what is missing is looked for before the runtime trips over it. */
function checkWeights(listing: ReadonlyMap<string, number>, graph: string, locations: readonly string[]): void {
  const missing = locations.filter((location) => !listing.has(parent(graph) + location))
  if (missing.length === 0) return
  throw new LabError(
    'format',
    `${graph} refers to weights in ${excerpt(missing.join(', '))}, which is not beside it: download it too`
  )
}

async function readWeights(
  files: ModelFiles,
  graph: string,
  locations: readonly string[],
  onProgress: OnProgress
): Promise<Weights[]> {
  const weights: Weights[] = []
  for (const path of locations) weights.push({ path, data: await files.read(parent(graph) + path, onProgress) })
  return weights
}

function edit(
  graph: Graph,
  described: GraphInfo,
  file: Uint8Array,
  plan: Plan,
  path: string,
  weights: readonly Weights[] | null
): Instrumented {
  const name = baseName(path)
  if (!weights) return instrumentGraph(graph, described, file, plan, name)
  const data = new Map([[name, file], ...weights.map((w) => [w.path, w.data] as const)])
  return instrumentGraph(graph, described, file, plan, name, (location, offset, length) => {
    const bytes = data.get(location)?.subarray(offset, offset + length)
    if (bytes?.length === length) return bytes
    throw new LabError(
      'checksum',
      `${location} ends before byte ${offset + length}: fetch it again and compare its size with the source's`
    )
  })
}

async function createSession(
  runtime: Runtime,
  edited: Instrumented,
  folder: string | undefined,
  file: Uint8Array,
  choice: Choice,
  weights: readonly Weights[]
): Promise<DecoderSession['parts']['session']> {
  const own = baseName(choice.graph)
  const inside = edited.externalFiles.includes(own) ? [{ path: own, data: file }] : []
  const given = weights.length > 0 || folder === undefined ? [...weights, ...edited.expanded, ...inside] : []
  const keepOnDevice = edited.info.cache.states.map(({ present }) => present)
  return runtime.createSession(edited.bytes, given, { keepOnDevice, folder: given.length === 0 ? folder : undefined })
}

/** @param expanded whether int4 weights were expanded; null where that was no question */
function reason(offer: DeviceOffer, options: OpenOptions, choice: Choice, expanded: boolean | null): string {
  const device = options.device ? `${offer.device} as asked` : offer.reason
  const dtype = options.dtype ? `${choice.dtype} as asked` : `${choice.dtype} is the best this model has for it`
  const note = {
    true: '; int4 weights were expanded to fp32, which WASM decodes about ten times faster',
    false: '; int4 weights stay as they are, since expanded to fp32 they would not fit: expect slow answers',
    null: ''
  }
  return `${device}; ${dtype}${note[`${expanded}`]}.`
}
