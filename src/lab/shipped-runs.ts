/** The finished runs that come with the page, below `runs/`. */
import { LabError } from '../errors'
import { fieldsOf } from '../formats/fields'

export interface ShippedRun {
  /** As in links. */
  readonly name: string
  readonly title: string
  /** The bundle, below `runs/`. */
  readonly file: string
  readonly bytes: number
  /** What was run, on what, in one sentence. */
  readonly sentence: string
}

/** Reads `runs/index.json` beside the page; none where there is no such file. */
export async function fetchRuns(base: string, get: typeof fetch = fetch): Promise<readonly ShippedRun[]> {
  const response = await get(new URL('runs/index.json', base))
  const isJson = response.ok && (response.headers.get('content-type') ?? '').includes('json')
  const json: unknown = isJson ? await response.json() : []
  if (Array.isArray(json) && json.every(isShippedRun)) return json
  throw new LabError(
    'format',
    'runs/index.json is not an array of runs with name, title, file and bytes; write it again'
  )
}

/**
 * The bytes of one of them.
 * @throws LabError `network`
 */
export async function fetchRun(
  base: string,
  { file, bytes }: ShippedRun,
  onProgress: (done: number, total: number) => void,
  get: typeof fetch = fetch
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await get(new URL(`runs/${file}`, base)).catch((cause: unknown) => {
    throw new LabError('network', `runs/${file} could not be fetched; check the connection`, { cause })
  })
  if (!response.ok || !response.body) {
    throw new LabError('network', `runs/${file} answered ${response.status}; it does not come with this page`)
  }
  const parts: Uint8Array<ArrayBuffer>[] = []
  let done = 0
  for (const reader = response.body.getReader(); ;) {
    const { value } = await reader.read()
    if (!value) break
    parts.push(value)
    onProgress((done += value.length), bytes)
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer())
}

function isShippedRun(value: unknown): value is ShippedRun {
  const fields = fieldsOf(value)
  return (
    ['name', 'title', 'file', 'sentence'].every((name) => typeof fields.get(name) === 'string') &&
    typeof fields.get('bytes') === 'number'
  )
}
