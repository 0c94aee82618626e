import { LabError } from '../errors'

/** A model that comes with the page. */
export interface CatalogueEntry {
  readonly name: string
  readonly title?: string
  readonly dtypes?: readonly string[]
  readonly bytes?: number
}

/** The hub model that the page offers by one click. */
export const firstModel = {
  repo: 'HuggingFaceTB/SmolLM2-135M-Instruct',
  name: 'SmolLM2-135M-Instruct',
  size: '120 to 180 MB'
} as const

/** What lies in `models/` beside the page, by its `index.json`. None where there is no such file. */
export class Catalogue {
  #entries = $state.raw<readonly CatalogueEntry[]>([])
  #loaded = $state.raw(false)

  get entries(): readonly CatalogueEntry[] {
    return this.#entries
  }

  get loaded(): boolean {
    return this.#loaded
  }

  /** Reads `models/index.json`, relative to `base`. A missing file is an empty catalogue. */
  async load(base: string, get: typeof fetch = fetch): Promise<void> {
    const response = await get(new URL('models/index.json', base)).catch(() => null)
    const isJson = response?.ok && (response.headers.get('content-type') ?? '').includes('json')
    this.#entries = isJson ? parseCatalogue(await response.json()) : []
    this.#loaded = true
  }
}

/** Checks what `index.json` holds: an array of objects with a name. */
export function parseCatalogue(json: unknown): readonly CatalogueEntry[] {
  if (!Array.isArray(json)) throw new LabError('format', 'models/index.json is not an array; write it again')
  return json.filter(isEntry)
}

function isEntry(value: unknown): value is CatalogueEntry {
  return typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string'
}
