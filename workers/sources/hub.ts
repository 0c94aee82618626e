/** A repository of the Hugging Face hub, or of a server that speaks its paths. */
import { LabError } from '../../src/errors'
import { isPlainPath } from '../../src/formats/path'
import { quoted } from '../../src/formats/text'
import type { ModelSource } from '../../src/lab/api'
import { publicHub } from '../../src/lab/privacy/hosts'
import { openAddress } from '../../src/lab/privacy/secrets'
import { checkAnswer, noDigest, type Subject } from './answer'
import type { Content } from '../stored/blobs'
import { textOf } from './body'
import type { ModelFiles } from '../host/host'
import { asList, asObject, asSize, asText, isGitId, isSha256 } from './json'
import { hashText, type ModelRecord } from '../stored/records'
import { defaultPatience, listingLimits } from './limits'
import { recall, remember, remoteFiles, type Route, type Visit } from './remote'
import { encodePath, hostOf, inTime, send } from './request'
import { baseName } from '../paths'

type HubSource = Extract<ModelSource, { kind: 'hub' }>

/** A repository at a revision, and how to ask for it. */
interface Place {
  readonly endpoint: string
  readonly repo: string
  readonly revision: string
  readonly headers: Readonly<Record<string, string>>
  readonly askToken: string
}

/**
 * The hub says what a revision means today; when it gives no listing, the last known commit is opened as far as it is
 * stored.
 * @throws LabError `network`, `format`
 */
export async function hubFiles(source: HubSource, visit: Visit): Promise<ModelFiles> {
  const place = { ...placeOf(source), askToken: visit.askToken ?? 'give' }
  const asking = inTime(`the listing of ${place.repo}`, visit, (signal) => ask(place, { ...visit, signal }))
  const record = await asking.catch(async (error: unknown) => {
    const known = error instanceof LabError && (await recall(visit, (stored) => isFor(stored, place)))
    if (known) return known
    throw error
  })
  return remoteFiles(record, routeOf(place, record), visit)
}

function isFor({ source, refs }: ModelRecord, { repo, endpoint, revision }: Place): boolean {
  if (source.kind !== 'hub' || source.repo !== repo || source.endpoint !== endpoint) return false
  return source.revision === revision || refs.includes(revision)
}

/** @throws LabError `format`; its text never has the token in it, nor an address, which can carry a password */
function placeOf({ repo, revision = 'main', token, endpoint = publicHub }: HubSource): Omit<Place, 'askToken'> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(repo) || !isPlainPath(repo)) {
    const text = `a repository was expected as owner/name, got ${quoted(repo)}: copy its name from the hub`
    throw new LabError('format', text)
  }
  if (!isPlainPath(revision)) {
    throw new LabError('format', `a branch, a tag or a commit of ${repo} was expected, got ${quoted(revision)}`)
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new LabError('format', 'a token of letters and digits was expected, it has other characters: copy it again')
  }
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  return { endpoint: hubAddress(endpoint), repo, revision, headers }
}

/** Without the slash at its end. */
function hubAddress(endpoint: string): string {
  const isOpen = URL.canParse(endpoint) && openAddress(endpoint) === endpoint
  if (isOpen && /^https?:$/.test(new URL(endpoint).protocol)) return endpoint.replace(/\/+$/, '')
  const text = `the address of a hub was expected, such as ${publicHub}, without a user name or a query, and this is none`
  throw new LabError('format', `${text}: copy it again`)
}

async function ask(place: Place, visit: Visit): Promise<ModelRecord> {
  const commit = isGitId(place.revision) ? place.revision : await commitOf(place, visit)
  const at = { ...place, revision: commit }
  const record: ModelRecord = {
    id: `hub:${place.repo}@${commit}`,
    name: baseName(place.repo),
    source: { kind: 'hub', repo: place.repo, revision: commit, endpoint: place.endpoint },
    refs: commit === place.revision ? [] : [place.revision],
    opened: new Date().toISOString(),
    files: await tree(at, visit)
  }
  return remember(record, visit)
}

/** The commit that a branch or tag means; the revision itself on a server that does not tell. */
async function commitOf(place: Place, visit: Visit): Promise<string> {
  const url = `${place.endpoint}/api/models/${place.repo}/revision/${encodePath(place.revision).replaceAll('/', '%2F')}`
  const response = await send({ ...visit, url, headers: place.headers, cache: 'no-cache' })
  // A server without this path answers 404, as for a missing repository; the listing tells them apart.
  if (response.status === 404) return place.revision
  const sha = asText(asObject((await json(response, url, place, visit)).value)?.['sha'])
  return isGitId(sha) ? sha : place.revision
}

/** All files, over all pages of the listing. */
async function tree(place: Place, visit: Visit): Promise<Content[]> {
  const first = `${place.endpoint}/api/models/${place.repo}/tree/${encodePath(place.revision).replaceAll('/', '%2F')}?recursive=true`
  const files: Content[] = []
  const seen = new Set<string>()
  let bytes = 0
  for (let url: string | undefined = first; url !== undefined && !seen.has(url);) {
    seen.add(url)
    const response = await send({ ...visit, url, headers: place.headers, cache: 'no-cache' })
    const page = await json(response, url, place, visit, listingLimits.bytes - bytes)
    bytes += page.bytes
    if (!Array.isArray(page.value)) throw new LabError('format', notTheHub(url))
    for (const entry of asList(page.value)) files.push(...(await toContent(entry, place)))
    if (files.length > listingLimits.files || seen.size > listingLimits.pages) throw endless(place, files.length)
    url = nextPage(response, first)
  }
  return files
}

const endless = ({ repo }: Place, files: number): LabError => {
  const { pages, files: most } = listingLimits
  const text = `the listing of ${repo} has more than ${pages} pages or ${most} files, ${files} so far: check the endpoint, or choose another model`
  return new LabError('format', text)
}

/** The page that a Link header names. Only its query is taken: no other host is asked, nor given the token. */
function nextPage(response: Response, first: string): string | undefined {
  const header = (response.headers.get('link') ?? '').slice(0, 4000)
  const link = /<([^<>]+)>\s*;\s*rel="?next"?/.exec(header)?.[1]
  if (link === undefined || !URL.canParse(link, first)) return undefined
  return new URL(new URL(link, first).search, first).href
}

/**
 * A file of a listing; none for a folder, or a path that could not be asked for or stored under its name.
 * @throws LabError `format` for a digest that is none: it becomes the name of the stored file
 */
async function toContent(entry: unknown, place: Place): Promise<Content[]> {
  const json = asObject(entry)
  const path = asText(json?.['path'])
  if (json?.['type'] !== 'file' || path === undefined || !isPlainPath(path)) return []
  const lfs = asObject(json['lfs'])
  const size = asSize(lfs?.['size']) ?? asSize(json['size']) ?? 0
  if (lfs) {
    const sha256 = asText(lfs['oid'])
    if (isSha256(sha256)) return [{ path, size, sha256, key: `sha256-${sha256}` }]
    throw noDigest(path, hostOf(place.endpoint))
  }
  const oid = asText(json['oid'])
  if (isGitId(oid)) return [{ path, size, gitOid: oid, key: `git-${oid}` }]
  return [{ path, size, key: `at-${await hashText(`${place.endpoint}/${place.repo}@${place.revision}/${path}`)}` }]
}

function routeOf(place: Place, record: ModelRecord): Route {
  const revision = record.source.kind === 'hub' ? record.source.revision : place.revision
  const base = `${place.endpoint}/${place.repo}/resolve/${encodePath(revision).replaceAll('/', '%2F')}/`
  return {
    urlOf: (path) => base + encodePath(path),
    headers: place.headers,
    subject: (path) => ({ ...repoSubject(place), what: `${path} of ${place.repo}` })
  }
}

function repoSubject({ repo, revision, endpoint, headers, askToken }: Place): Subject {
  const access = 'Authorization' in headers ? 'a token that has access' : 'a token with access'
  return {
    what: `${repo} at revision ${revision}`,
    missing: 'check the name and the revision, or choose another model',
    forbidden: `check the name; for a private or gated model accept its licence on ${endpoint}/${repo} and ${askToken} ${access}`
  }
}

/** An answer's JSON, and how long it was. */
async function json(
  response: Response,
  url: string,
  place: Place,
  { signal, patience = defaultPatience }: Visit,
  most: number = listingLimits.bytes
): Promise<{ readonly value: unknown; readonly bytes: number }> {
  checkAnswer(response, url, repoSubject(place))
  const text = await textOf(response, url, { most, patience, signal })
  try {
    return { value: JSON.parse(text), bytes: text.length }
  } catch (cause) {
    throw new LabError('format', notTheHub(url), { cause })
  }
}

const notTheHub = (url: string): string =>
  `${hostOf(url)} did not answer as the Hugging Face hub does: check the endpoint, or open the model by its folder's address`
