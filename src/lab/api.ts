/**
 * The seam between page and workers: every type that crosses it, and nothing that runs.
 * All values are plain and structured-cloneable; tensors are row-major `Float32Array`s.
 */
import type { HiddenStates, ModelRef } from '../direction/hidden-states'
import type { WriteLevel } from '../onnx/plan'

export type Dtype = 'q4' | 'q4f16' | 'q8' | 'fp16' | 'fp32'
/** `cpu` is onnxruntime-node's native provider; the page has `webgpu` and `wasm`. */
export type Device = 'webgpu' | 'wasm' | 'cpu'

export type ModelSource =
  /** A folder below `public/models`. */
  | { readonly kind: 'bundled'; readonly name: string }
  /** A Hugging Face repository. `token` stays in memory. `endpoint` replaces https://huggingface.co. */
  | {
      readonly kind: 'hub'
      readonly repo: string
      readonly revision?: string
      readonly token?: string
      readonly endpoint?: string
    }
  /** The address of a folder in the hub's layout. */
  | { readonly kind: 'url'; readonly url: string }
  /** A local folder: each file with its path inside that folder. */
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly LocalFile[] }
  /** A local folder by its path. Node only. */
  | { readonly kind: 'folder'; readonly path: string }

/** Where a LoRA adapter in PEFT's format comes from: adapter_config.json and adapter_model.safetensors. */
export type AdapterSource =
  /** A folder below the page's own: `adapters/name`, or `models/<model>/adapters/<name>`. */
  | { readonly kind: 'bundled'; readonly name: string }
  | Extract<ModelSource, { readonly kind: 'hub' | 'url' | 'files' }>
  | { readonly kind: 'zip'; readonly name: string; readonly blob: Blob }
  /** A local folder or zip file by its path. Node only. */
  | { readonly kind: 'folder'; readonly path: string }

export interface LocalFile {
  readonly path: string
  readonly blob: Blob
}

export interface OpenOptions {
  /** Default: q4f16 where the device has shader-f16, else q4, else what the source has. */
  readonly dtype?: Dtype
  /** Default: webgpu where it works, else wasm; cpu in Node. */
  readonly device?: Device
  /** Which form of writing the graph gains. Default `affine`. */
  readonly write?: WriteLevel
  /** Whether rows may ask for steering that keeps lengths (`Steering.keepNorm`), which costs time at every token. Default false. */
  readonly keepNorm?: boolean
  /**
   * Whether the graph gains inputs for an un-merged LoRA adapter. Default false, since they cost time at every token; the
   * first adapter opens the model again with them.
   */
  readonly adapt?: boolean
  /** Ask for the device without its `subgroups` feature (see the self-test). */
  readonly withoutSubgroups?: boolean
  /** Never quantize activations, where the graph allows it for speed: slower, and off by rounding only. Default false. */
  readonly exact?: boolean
  /** Keep int4 weights as they are, also on wasm, where they decode much slower. Default false. */
  readonly keepInt4?: boolean
  /**
   * Threads of the CPU, native or in WebAssembly, so that models side by side do not wait for each other's cores; ignored on a
   * GPU. Default: all cores.
   */
  readonly threads?: number
}

export interface Memory {
  /** Bytes of weights as they will lie in the device's memory. */
  readonly weights: number
  /** Bytes of KV cache for one token of one row. */
  readonly cachePerToken: number
  /** Bytes that opening the model and 1,024 tokens of cache are expected to take at their peak, everywhere together. */
  readonly peak: number
}

export interface ModelInfo extends ModelRef {
  readonly dtype: Dtype
  /** As a person would call it: the last part of the repository or folder name. */
  readonly name: string
  /** `model_type` of the config: llama, qwen2, gemma2, mistral3 ... */
  readonly family: string
  readonly layers: number
  readonly width: number
  readonly vocabulary: number
  readonly contextLength: number
  /** False for a base model: it has no chat template, so chats are given in the plain form. */
  readonly template: boolean
  /** Tokens that the layers with a sliding window look back; absent where none has one. */
  readonly window?: number
  /** Magnitude at which numbers of the hidden states are cut off, by half precision or by the file's own Clip; absent in fp32 without one. */
  readonly limit?: number
  readonly device: Device
  /** Why this device and dtype, in one sentence. */
  readonly deviceReason: string
  /** Vendor and architecture of the GPU, or the number of threads. */
  readonly deviceName: string
  readonly write: WriteLevel
  readonly adapt: boolean
  /** True where int4 weights were expanded to fp32 at load. */
  readonly expanded: boolean
  readonly memory: Memory
  /** Milliseconds: editing the graph; creating the session. */
  readonly timing: { readonly instrument: number; readonly session: number }
}

/** An adapter that is loaded beside a model and fits it. */
export interface AdapterInfo {
  /** Where it came from: `hub:owner/name@commit`, `zip:name`, `folder:name` ... */
  readonly id: string
  readonly name: string
  /** SHA-256 of adapter_config.json followed by adapter_model.safetensors, hex. Names the adapter in every call. */
  readonly sha256: string
  /** The base it says it was trained on. */
  readonly base: string | null
  /** The modules that it changes, in the order of its file. */
  readonly modules: readonly { readonly layer: number; readonly module: string; readonly rank: number }[]
  readonly parameters: number
  /** What is odd about it, but no reason to refuse it. One sentence each. */
  readonly notes: readonly string[]
  /** Milliseconds: reading and checking the files; opening the model again with room for it, 0 where it had room. */
  readonly timing: { readonly load: number; readonly reopen: number }
}

/** The adapter in use. Scale 1 is as it was trained; 0 is the base to the bit. */
export interface AdapterChoice {
  readonly sha256: string
  readonly scale: number
}

/** What an adapter changes at scale 1, on fixed prompts, measured on this model and device. */
export interface AdapterProof {
  readonly prompts: readonly string[]
  /** |change of the next token's logits|, mean over the prompts; 0 says that nothing changes, to the bit. */
  readonly change: number
  /** The same, each divided by |logits|. */
  readonly relative: number
  /** Prompts whose most likely next token is another one. */
  readonly top1Changed: number
  /** For each layer |change of the hidden state| / |hidden state|, mean over all tokens. */
  readonly layers: readonly number[]
}

/** How far a device's numbers are from a trusted path, for fixed prompts: at once, in a batch, token by token, and for a long one. */
export interface SelfTest {
  /** `untested`: the trusted path could not open the model, for memory mostly. */
  readonly status: 'passed' | 'failed' | 'trusted' | 'untested'
  /** One sentence for the model's card. */
  readonly summary: string
  /** Cosine to the trusted path at each layer; empty when this is the trusted path. */
  readonly cosine: readonly number[]
  /** Largest |x| in any hidden state: fp16 overflows at 65,504. */
  readonly maxAbs: number
  /** Share of the numbers that stand at the limit of half precision, where larger ones are cut off. */
  readonly saturated: number
  /** Tokens of the long prompt that was compared, too; 0 where the model's context or the time did not allow one. */
  readonly longest: number
  readonly sameTop1: boolean
}

/** Progress of a long call. `total` is 0 while unknown. `unit` says what is counted. */
export interface Progress {
  readonly stage: 'list' | 'download' | 'read' | 'instrument' | 'expand' | 'session' | 'tokens' | 'rows' | 'self-test'
  readonly done: number
  readonly total: number
  readonly unit: 'bytes' | 'tokens' | 'rows' | 'steps'
  readonly file?: string
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/**
 * A chat goes through the model's own template, or, where it has none, the plain form `Question: ... Answer:`; `text` and
 * `ids` are taken as they are.
 */
export type Prompt =
  { readonly messages: readonly ChatMessage[] } | { readonly text: string } | { readonly ids: readonly number[] }

/** One token of a prompt as the model gets it. */
export interface PromptToken {
  readonly id: number
  /** By itself, special tokens by their names; U+FFFD where it holds part of a character. */
  readonly text: string
  /** True for the tokenizer's special tokens: the template's marks mostly, and what looks like them in a text. */
  readonly special: boolean
}

/** Where hidden states are read: last prompt token, mean over `answer`'s tokens, or every token. */
export type Position = 'last' | 'answer-mean' | 'every'

export interface CaptureRow {
  readonly prompt: Prompt
  /** What follows the prompt: its text, or its token ids as they were generated. `answer-mean` needs it. */
  readonly answer?: string | readonly number[]
  /** Steering during the capture. */
  readonly steering?: Steering
}

/** One intervention on the residual stream after block `layer`. `vector` has length `width`. */
export type Intervention =
  /** h + coefficient * vector */
  | { readonly mode: 'add'; readonly layer: number; readonly vector: Float32Array; readonly coefficient: number }
  /** h - (h . d) d, d = vector / |vector| */
  | { readonly mode: 'ablate'; readonly layer: number; readonly vector: Float32Array }
  /** h - (h . d) d + value d, d = vector / |vector| */
  | { readonly mode: 'clamp'; readonly layer: number; readonly vector: Float32Array; readonly value: number }

export interface Steering {
  readonly interventions: readonly Intervention[]
  /** Which tokens are steered. `generated`: from the last prompt token on. Default `all`. */
  readonly positions?: 'all' | 'prompt' | 'generated'
  /**
   * Whether the hidden state keeps its length: at each layer that is intervened at, h' = s |h| / |s| with s what the
   * interventions make of h. Takes a model that was opened with `keepNorm`. Default false.
   */
  readonly keepNorm?: boolean
}

/** An answer that is given, to be weighed by the open model. */
export interface ScoreRow {
  readonly prompt: Prompt
  /** Text that follows the prompt, taken as it is: no end token is added. */
  readonly answer: string
  readonly steering?: Steering
}

/** How likely an answer is under the open model, with the adapter in use. */
export interface Score {
  /** Mean log-probability of its tokens, nats, at temperature 1. NaN for an empty answer, which has no mean. */
  readonly logProbability: number
  readonly tokens: number
}

export interface Sampling {
  /** 0 is greedy. */
  readonly temperature: number
  readonly topP?: number
  readonly topK?: number
}

/**
 * The control of a vector's length: nothing is added to the residual stream, but each next token's logits are multiplied
 * by rms(h) / rms(h + coefficient * vector), as the final norm would do. h is the hidden state at `layer` of the token
 * that is continued, steering included. Greedy answers stay as they are. Exact for the last layer and logits that are
 * linear in the normed state; Gemma 2 caps its logits, and what is multiplied are the capped ones.
 */
export interface Flattening {
  readonly layer: number
  /** Length `width`. */
  readonly vector: Float32Array
  readonly coefficient: number
}

export interface GenerateRow {
  readonly prompt: Prompt
  readonly steering?: Steering
  readonly flatten?: Flattening
  /** Same seed, same text. Each row has its own stream. Default 0. */
  readonly seed?: number
}

export interface GenerateOptions {
  readonly maxTokens: number
  readonly sampling: Sampling
  /** How many of the most likely tokens each `TokenEvent` names. Default 0, which costs nothing. */
  readonly alternatives?: number
}

/** A token that might have come, and how likely it was at temperature 1, after steering. */
export interface Alternative {
  readonly id: number
  /** Its name: special tokens have one, too. */
  readonly text: string
  readonly probability: number
}

export interface TokenEvent {
  readonly row: number
  readonly id: number
  /** Text added by this token; may be empty inside a multi-byte character. */
  readonly text: string
  /** Probability of this token under the model at temperature 1, after steering and flattening. */
  readonly probability: number
  /** The most likely tokens, the likeliest first, whichever was drawn; there where they were asked for. */
  readonly alternatives?: readonly Alternative[]
}

export interface Completion {
  readonly text: string
  readonly ids: readonly number[]
  readonly promptTokens: number
  /** `stop`: an end token; `length`: maxTokens; `context`: the model's limit; `cancelled`. */
  readonly finish: 'stop' | 'length' | 'context' | 'cancelled'
  /** Log-probability of each generated token, at temperature 1, after steering and flattening. */
  readonly logProbabilities: readonly number[]
}

export interface GenerateResult {
  readonly completions: readonly Completion[]
  readonly timing: { readonly prefillMs: number; readonly decodeMs: readonly number[]; readonly reusedTokens: number }
}

/** A downloaded model, or adapter, in the list of what this browser keeps. */
export interface StoredModel {
  /** As in `ModelRef.id`. */
  readonly id: string
  readonly name: string
  /** Opens it again. A hub model's `revision` is the commit. */
  readonly source: ModelSource
  /** When it was last opened, ISO 8601. */
  readonly opened: string
  /** Bytes on the disk. Models that share a content count it each. */
  readonly bytes: number
  /** Files that are there, whole; a model that never finished has others that are not. */
  readonly files: readonly { readonly path: string; readonly size: number }[]
  /** True where a file is there in part only. */
  readonly partial: boolean
  /** True for a LoRA adapter, which opens beside a model only. */
  readonly adapter: boolean
}

/** What this browser keeps for this site, and how much it may. Bytes; `quota` is 0 where the browser does not tell. */
export interface Stored {
  /** Last opened first. */
  readonly models: readonly StoredModel[]
  readonly usage: number
  readonly quota: number
}

/** The models that this browser keeps. Lives in a worker, for the page may not read the disk by itself. */
export interface StorageApi {
  stored(): Promise<Stored>
  /**
   * Deletes a model, but not what another stored one shares with it.
   * @throws LabError `quota` while it is being downloaded or read
   */
  remove(id: string): Promise<void>
}

export interface LensToken {
  readonly id: number
  readonly text: string
  readonly logit: number
}

/** One vector through the final norm and the unembedding. */
export interface LensRow {
  /** Highest logits, from the top. */
  readonly nearest: readonly LensToken[]
  /** Lowest logits, from the bottom: for a direction d, the nearest of -d. */
  readonly farthest: readonly LensToken[]
  /** Mean and standard deviation of the logits of the whole vocabulary: how far out the tokens above are. */
  readonly mean: number
  readonly deviation: number
}

/** One open model. Lives in a worker; every call is short, one batch or one completion. */
export interface ModelApi {
  open(source: ModelSource, options: OpenOptions, onProgress?: (progress: Progress) => void): Promise<ModelInfo>
  tokenize(prompt: Prompt): Promise<readonly PromptToken[]>
  capture(rows: readonly CaptureRow[], position: Position): Promise<HiddenStates>
  /** Next-token logits of each row, `[row][vocabulary]`. */
  logits(rows: readonly CaptureRow[]): Promise<Float32Array>
  /**
   * Logit lens: what the model would say if each vector, `[row][width]`, were its residual stream after the last block.
   * Takes hidden states of any layer and bare directions. `k` tokens a side, default 10.
   */
  lens(vectors: Float32Array, options?: { readonly k?: number }): Promise<readonly LensRow[]>
  /**
   * Likelihood of given answers, in the order of the rows; the adapter in use counts, or none. Rows that are alike are
   * computed once, and so is a prompt that all rows share, where the graph keeps padding in its cache.
   * @throws LabError `shape` for a prompt and answer that are longer than the model's context
   */
  score(rows: readonly ScoreRow[]): Promise<readonly Score[]>
  generate(
    rows: readonly GenerateRow[],
    options: GenerateOptions,
    onToken?: (events: readonly TokenEvent[]) => void
  ): Promise<GenerateResult>
  /** Replaces the steering of running and later rows; takes effect at the next token. */
  steer(row: number, steering: Steering | null): Promise<void>
  /**
   * Loads an adapter beside those that are loaded, and leaves the one in use as it is. The first one opens a model that
   * has no room for it (`adapt`) again, from its stored files. An adapter that is loaded already is loaded once.
   * @throws LabError `adapter`, `format`, `checksum`, `network`, `memory`; the model goes on as it was
   */
  loadAdapter(source: AdapterSource, onProgress?: (progress: Progress) => void): Promise<AdapterInfo>
  /** Ends the loading of an adapter, which then rejects with `AbortError`; nothing where none is being loaded. */
  cancelAdapter(): Promise<void>
  /**
   * Puts a loaded adapter in use, or none. Another scale for the one in use takes effect at the next token of a running
   * generation, all else after it.
   */
  useAdapter(choice: AdapterChoice | null): Promise<ModelInfo>
  /** Forgets a loaded adapter; where it was in use, none is. */
  dropAdapter(sha256: string): Promise<ModelInfo>
  /** Measures what a loaded adapter changes, whatever is in use. */
  proveAdapter(sha256: string): Promise<AdapterProof>
  /** Ends the running generation before its next token. */
  stop(): Promise<void>
  close(): Promise<void>
}
