/** The four families of the study as models to open: what is known of them before anything is fetched. */
import type { Dtype, ModelSource } from '../../lab/api'
import { families } from '../../study/presets'

/** The sizes in a model's config.json that its weights follow from. */
interface Shape {
  readonly width: number
  readonly inner: number
  readonly layers: number
  /** Numbers of all query heads together, and of all key heads. */
  readonly queries: number
  readonly keys: number
  readonly vocabulary: number
}

export interface FamilyModel {
  readonly name: string
  readonly source: Extract<ModelSource, { kind: 'hub' }>
  readonly licence: string
  /** Weights of the blocks, and of the table that tokens are looked up in. Norms and biases, below 0.1 %, are not counted. */
  readonly blocks: number
  readonly table: number
  /** What else the reader should know before the download. */
  readonly note?: string
}

/** Of the text model, by each repository's config.json. */
const known: Readonly<Record<string, Pick<FamilyModel, 'name' | 'licence' | 'note'> & { readonly shape: Shape }>> = {
  'qwen2.5': {
    name: 'Qwen2.5-1.5B-Instruct',
    licence: 'Apache-2.0',
    shape: { width: 1536, inner: 8960, layers: 28, queries: 1536, keys: 256, vocabulary: 151_936 }
  },
  gemma2: {
    name: 'gemma-2-2b-it',
    licence: 'Gemma Terms of Use',
    shape: { width: 2304, inner: 9216, layers: 26, queries: 2048, keys: 1024, vocabulary: 256_000 }
  },
  'llama3.2': {
    name: 'Llama-3.2-1B-Instruct',
    licence: 'Llama 3.2 Community License',
    shape: { width: 2048, inner: 8192, layers: 16, queries: 2048, keys: 512, vocabulary: 128_256 }
  },
  ministral3: {
    name: 'Ministral-3-3B-Instruct',
    licence: 'Apache-2.0',
    note: 'The text part alone, without its vision encoder',
    shape: { width: 3072, inner: 9216, layers: 26, queries: 4096, keys: 1024, vocabulary: 131_072 }
  }
}

/** In the order of the study. */
export const familyModels: readonly FamilyModel[] = families.flatMap(({ key, source }) => {
  const facts = known[key]
  if (!facts || source.kind !== 'hub') return []
  const { shape, ...told } = facts
  return [{ ...told, source, blocks: blocksOf(shape), table: shape.vocabulary * shape.width }]
})

function blocksOf({ width, inner, layers, queries, keys }: Shape): number {
  return layers * width * (2 * queries + 2 * keys + 3 * inner)
}

/**
 * Bytes of a weight: in a matrix, with a scale for every 32 where it has 4 bits; and in the table of tokens where an
 * export leaves it as it was. Many quantize the table as well, and use it twice.
 */
const bytesPerWeight: Readonly<Record<Dtype, { readonly matrix: number; readonly table: number }>> = {
  q4: { matrix: 0.5 + 4 / 32, table: 4 },
  q4f16: { matrix: 0.5 + 2 / 32, table: 2 },
  q8: { matrix: 1, table: 1 },
  fp16: { matrix: 2, table: 2 },
  fp32: { matrix: 4, table: 4 }
}

/** An estimate: between these many bytes, by how the export stores the table. */
export interface WeightEstimate {
  readonly least: number
  readonly most: number
  /** Of the table, the largest single tensor. */
  readonly leastTensor: number
  readonly mostTensor: number
}

/** What a family's weights take. The download is known only once the hub has listed the files. */
export function estimateWeights({ blocks, table }: FamilyModel, dtype: Dtype): WeightEstimate {
  const per = bytesPerWeight[dtype]
  const least = (blocks + table) * per.matrix
  const apart = per.table > per.matrix ? table * per.table : 0
  return { least, most: least + apart, leastTensor: table * per.matrix, mostTensor: table * per.table }
}
