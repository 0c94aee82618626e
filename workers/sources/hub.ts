/** A repository of the Hugging Face hub, or of a server that speaks its paths. */
import { LabError } from '../../src/errors'
import type { ModelSource } from '../../src/lab/api'
import { checkAnswer, type Subject } from './answer'
import type { Content } from '../stored/blobs'
import { textOf } from './body'
import type { ModelFiles } from '../host/host'
import { asList, asObject, asSize, asText } from './json'
import { defaultPatience, listingLimits } from './limits'
import { hashText, type ModelRecord, publicHub } from '../stored/records'
import { recall, remember, remoteFiles, type Route, type Visit } from './remote'
import { encodePath, hostOf, inTime, send } from './request'

type HubSource = Extract<ModelSource, { kind: 'hub' }>

/** A repository at a revision, and how to ask for it. */
interface Place {
  readonly endpoint: string
  readonly repo: string
  readonly revision: string
  readonly headers: Readonly<Record<string, string>>
  readonly askToken: string
}

const isCommit = (revision: string): boolean => /^[0-9a-f]{40}$/.test(revision)

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

/** @throws LabError `format`; its text never has the token in it */
function placeOf({ repo, revision = 'main', token, endpoint = publicHub }: HubSource): Omit<Place, 'askToken'> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(repo)) {
    throw new LabError('format', `a repository was expected as owner/name, got "${repo}": copy its name from the hub`)
  }
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new LabError('format', 'a token of letters and digits was expected, it has other characters: copy it again')
  }
  const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` }
  if (!/^https?:/.test(endpoint) || !URL.canParse(endpoint)) {
    throw new LabError('format', `the address of a hub was expected, such as ${publicHub}, got "${endpoint}"`)
  }
  return { endpoint: endpoint.replace(/\/+$/, ''), repo, revision, headers }
}

async function ask(place: Place, visit: Visit): Promise<ModelRecord> {
  const commit = isCommit(place.revision) ? place.revision : await commitOf(place, visit)
  const at = { ...place, revision: commit }
  const record: ModelRecord = {
    id: `hub:${place.repo}@${commit}`,
    name: place.repo.slice(place.repo.lastIndexOf('/') + 1),
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
  return sha !== undefined && isCommit(sha) ? sha : place.revision
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

async function toContent(entry: unknown, place: Place): Promise<Content[]> {
  const json = asObject(entry)
  const path = asText(json?.['path'])
  if (json?.['type'] !== 'file' || path === undefined || path.split('/').includes('..')) return []
  const lfs = asObject(json['lfs'])
  const size = asSize(lfs?.['size']) ?? asSize(json['size']) ?? 0
  const [sha256, oid] = [asText(lfs?.['oid']), asText(json['oid'])]
  if (sha256 !== undefined) return [{ path, size, sha256, key: `sha256-${sha256}` }]
  if (oid !== undefined && isCommit(oid)) return [{ path, size, gitOid: oid, key: `git-${oid}` }]
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
