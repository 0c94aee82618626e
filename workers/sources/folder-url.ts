/** A folder on a web server in the hub's layout. Servers do not list folders, so the known names are asked for. */
import { LabError } from '../../src/errors'
import { isPlainPath } from '../../src/formats/path'
import { openAddress } from '../../src/lab/privacy/secrets'
import { isPage, checkAnswer, noDigest, versionOf, type Subject } from './answer'
import type { Content } from '../stored/blobs'
import { textOf } from './body'
import type { ModelFiles } from '../host/host'
import { asList, asObject, asSize, asText, isSha256, parse } from './json'
import { defaultPatience, listingLimits, mostParts } from './limits'
import { hashText, type ModelRecord } from '../stored/records'
import { recall, remember, remoteFiles, type Route, type Visit } from './remote'
import { discard, encodePath, hostOf, inTime, isBusy, send } from './request'

/** A file that a folder claims to have; size 0 while unknown. */
export interface Listed {
  readonly path: string
  readonly size: number
  readonly sha256?: string | undefined
}

/** What a folder is looked through for. */
export interface Layout {
  /** The known names that exist below an address. */
  readonly probe: (url: string, visit: Visit) => Promise<Content[]>
  /** The file without which it is no such folder. */
  readonly needs: string
  /** What it must hold, in words. */
  readonly holds: string
}

const texts = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'generation_config.json',
  'special_tokens_map.json',
  'chat_template.jinja'
]
const graphs = ['model', 'decoder_model_merged', 'embed_tokens'].flatMap((stem) =>
  ['', '_q4', '_q4f16', '_quantized', '_fp16', '_q8', '_int8'].map((suffix) => `${stem}${suffix}.onnx`)
)
/** Requests at the same time: what browsers allow to one host. */
const lanes = 6

/**
 * The folder's `files.json` (a list of {path, size}) when it has one, else the known names that exist.
 * When the server cannot be reached, the folder is opened as far as it is stored.
 * @throws LabError `network`, `format`
 */
export async function folderUrlFiles(address: string, visit: Visit, layout: Layout = modelLayout): Promise<ModelFiles> {
  const url = folderAddress(address, layout)
  const asking = inTime(`the listing of ${lastPart(url)}`, visit, (signal) => ask(url, { ...visit, signal }, layout))
  const record = await asking.catch(async (error: unknown) => {
    const known = error instanceof LabError && (await recall(visit, ({ id }) => id === idOf(url)))
    if (known) return known
    throw error
  })
  return remoteFiles(record, folderRoute(url, layout), visit)
}

/** A listing as files of a folder that is not stored: the app's own models are near anyway. */
export function listedFiles(
  id: string,
  url: string,
  listed: readonly Listed[],
  visit: Visit,
  layout: Layout = modelLayout
): ModelFiles {
  const files = listed.map((file) => ({ ...file, key: file.path }))
  const record = { id, name: lastPart(url), refs: [], opened: '', files }
  return remoteFiles(record, folderRoute(url, layout), { ...visit, disk: undefined })
}

/** What a folder says it has in `files.json`; undefined where it does not say. */
export async function readFilesJson(url: string, visit: Visit): Promise<readonly Listed[] | undefined> {
  return (await fetchListed(`${url}files.json`, visit, (json) => json)) ?? undefined
}

/** The list of files that `pick` finds in a JSON file; undefined where the file is missing or has no such list. */
export async function fetchListed(
  url: string,
  visit: Visit,
  pick: (json: unknown) => unknown
): Promise<readonly Listed[] | undefined> {
  const response = await send({ ...visit, url, cache: 'no-cache' })
  if (!response.ok || isPage(response)) return void (await discard(response))
  const { signal, patience = defaultPatience } = visit
  const text = await textOf(response, url, { most: listingLimits.bytes, patience, signal })
  const listed = asList(pick(parse(text))).flatMap((each) => {
    const json = asObject(each)
    const path = asText(json?.['path'])
    if (path === undefined || !isPlainPath(path)) return []
    const [stated, sha256] = [json?.['sha256'] ?? undefined, asText(json?.['sha256'])]
    if (stated !== undefined && !isSha256(sha256)) throw noDigest(path, hostOf(url))
    return [{ path, size: asSize(json?.['size']) ?? 0, sha256 }]
  })
  if (listed.length > listingLimits.files) {
    throw new LabError(
      'format',
      `${hostOf(url)} lists ${listed.length} files, ${listingLimits.files} are read: list the model alone`
    )
  }
  return listed.length > 0 ? listed : undefined
}

/** The known names that exist below an address, with their sizes and versions. */
export async function probe(url: string, visit: Visit): Promise<Content[]> {
  await refuseYes(url, visit)
  const found = await headAll(url, texts.map(named), visit)
  const inOnnx = await headAll(
    url,
    graphs.map((name) => named(`onnx/${name}`)),
    visit
  )
  const here = inOnnx.length > 0 ? inOnnx : await headAll(url, graphs.map(named), visit)
  const weights = await Promise.all(here.map(({ path }) => probeWeights(url, path, visit)))
  return [...found, ...here, ...weights.flat()]
}

const modelLayout: Layout = { probe, needs: 'config.json', holds: 'config.json and onnx/model_q4.onnx or the like' }

/** A folder that PEFT wrote. */
export const adapterLayout: Layout = {
  async probe(url, visit) {
    await refuseYes(url, visit)
    const found = await headAll(url, ['adapter_config.json', 'adapter_model.safetensors'].map(named), visit)
    // Asked for only to say that it is refused: a browser prints each name that is not there.
    return found.length === 2 ? found : [...found, ...(await headAll(url, [named('adapter_model.bin')], visit))]
  },
  needs: 'adapter_config.json',
  holds: 'adapter_config.json and adapter_model.safetensors'
}

async function ask(url: string, visit: Visit, layout: Layout): Promise<ModelRecord> {
  const listed = await readFilesJson(url, visit)
  const files = listed ? await headAll(url, listed, visit) : await layout.probe(url, visit)
  if (!files.some(({ path }) => path === layout.needs)) await explainMissing(url, visit, layout)
  // What is stored and shown: a query can be a signature, which changes and is nobody else's business.
  const source = { kind: 'url', url: openAddress(url) } as const
  const opened = new Date().toISOString()
  return remember({ id: idOf(url), name: lastPart(url), source, refs: [], opened, files }, visit)
}

/** A server that has every file that it is asked for has none: names would be made up for ever. @throws LabError `format` */
async function refuseYes(url: string, visit: Visit): Promise<void> {
  if (!(await head(url, named('azimuth-asks-for-what-is-not-there'), visit))) return
  throw new LabError(
    'format',
    `${hostOf(url)} answers with a file to every name: put a files.json there that lists the folder, or choose another server`
  )
}

/** A graph's weights: `x.onnx_data`, `x.onnx_data_1` ...; the onnxruntime-genai builder writes `x.onnx.data`. */
async function probeWeights(url: string, graph: string, visit: Visit): Promise<Content[]> {
  const found = await headAll(url, [named(`${graph}_data`), named(`${graph}.data`)], visit)
  for (let i = 1; i <= mostParts && found.some(({ path }) => path.includes('_data')); i++) {
    const [part] = await headAll(url, [named(`${graph}_data_${i}`)], visit)
    if (!part) break
    found.push(part)
  }
  return found
}

async function headAll(url: string, listed: readonly Listed[], visit: Visit): Promise<Content[]> {
  const found: (Content | undefined)[] = []
  for (let at = 0; at < listed.length; at += lanes) {
    found.push(...(await Promise.all(listed.slice(at, at + lanes).map((file) => head(url, file, visit)))))
  }
  return found.filter((content) => content !== undefined)
}

async function head(base: string, listed: Listed, visit: Visit): Promise<Content | undefined> {
  const url = urlIn(base, listed.path)
  // With a range browsers ask for no compression, so that the length is that of the file. It needs no preflight.
  const ask = { ...visit, url, headers: { Range: 'bytes=0-' }, cache: 'no-cache' } as const
  let response = await send({ ...ask, method: 'HEAD' })
  if (response.status === 405 || response.status === 501 || response.status === 403) response = await send(ask)
  await discard(response)
  // A server in trouble says nothing of what it has.
  if (isBusy(response.status)) checkAnswer(response, url, subjectIn(base, listed.path, modelLayout))
  if (!response.ok || isPage(response)) return undefined
  const told = response.headers.get('content-length')
  const size = told === null ? listed.size : (asSize(Number(told)) ?? listed.size)
  return { ...listed, size, version: versionOf(response), key: `url-${await hashText(openAddress(url))}` }
}

/** @throws LabError that tells a wrong address from a forbidden one */
async function explainMissing(url: string, visit: Visit, layout: Layout): Promise<never> {
  const needed = urlIn(url, layout.needs)
  const response = await send({ ...visit, url: needed })
  await discard(response)
  checkAnswer(response, needed, subjectIn(url, layout.needs, layout))
  throw new LabError(
    'format',
    `${lastPart(url)} lists no ${layout.needs}: give the address of the folder that holds it`
  )
}

function folderRoute(url: string, layout: Layout): Route {
  return { urlOf: (path) => urlIn(url, path), headers: {}, subject: (path) => subjectIn(url, path, layout) }
}

function subjectIn(url: string, path: string, { holds }: Layout): Subject {
  return {
    what: `${path} in ${lastPart(url)}`,
    missing: `check the address of the folder, it must hold ${holds}`,
    forbidden: 'choose a folder that everyone may read, or download it and open it from this machine'
  }
}

/** @throws LabError `format` without the address, which can carry a password */
function folderAddress(address: string, { needs }: Layout): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const text =
      'the address of a folder was expected, as https://host/path/ without a user name, and this is none: copy it from the address bar'
    throw new LabError('format', text)
  }
  url.hash = ''
  url.pathname =
    (url.pathname.endsWith(`/${needs}`) ? url.pathname.slice(0, -needs.length) : url.pathname).replace(/\/$/, '') + '/'
  return url.href
}

/** A path below a folder; a signature in the folder's query goes along. */
function urlIn(folder: string, path: string): string {
  const url = new URL(folder)
  url.pathname += encodePath(path)
  return url.href
}

const named = (path: string): Listed => ({ path, size: 0 })

const idOf = (url: string): string => `url:${openAddress(url)}`

function lastPart(url: string): string {
  const { pathname, host } = new URL(url)
  const last = pathname.split('/').filter(Boolean).at(-1) ?? host
  try {
    return decodeURIComponent(last)
  } catch {
    return last // a stray percent sign is part of the name
  }
}
