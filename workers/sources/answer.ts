/** What a server's answer means for someone who wants a file: the version it has, or an error with a way out. */
import { LabError } from '../../src/errors'
import { quoted } from '../../src/formats/text'
import { hostOf, isBusy, retryAfter } from './request'

/** What is asked for, in the words of the person who asked. */
export interface Subject {
  /** `onnx/model_q4.onnx of owner/name` */
  readonly what: string
  /** The way out when it does not exist. */
  readonly missing: string
  /** The way out when it may not be read. */
  readonly forbidden: string
}

/** Entity tag or date: two answers of one version have the same. Undefined where the server does not tell. */
export function versionOf(response: Response): string | undefined {
  return response.headers.get('etag') ?? response.headers.get('last-modified') ?? undefined
}

/** Single-page hosts answer a missing file with their page, and status 200. */
export function isPage(response: Response): boolean {
  return /^text\/html\b/i.test(response.headers.get('content-type') ?? '')
}

/** @throws LabError `network` for a status that is none of success, `format` for a page in place of a file */
export function checkAnswer(response: Response, url: string, subject: Subject): void {
  if (!response.ok) throw statusError(response, url, subject)
  if (!isPage(response)) return
  throw new LabError(
    'format',
    `${subject.what} should be a file, ${hostOf(url)} answered with a web page, which hosts do for a missing file or a login: ${subject.missing}`
  )
}

/** A listing that names something else in the place of a file's SHA-256. */
export function noDigest(path: string, host: string): LabError {
  const text = `${host} lists ${quoted(path)} with a SHA-256 that is none (64 hex digits): nothing was fetched`
  return new LabError('format', `${text}; tell whoever runs that server, or open the model from elsewhere`)
}

function statusError(response: Response, url: string, subject: Subject): LabError {
  const { status } = response
  const error = (text: string): LabError => new LabError('network', text)
  if (status === 404 || status === 410)
    return error(`${subject.what} does not exist (HTTP ${status}): ${subject.missing}`)
  if (status === 401 || status === 403)
    return error(`${subject.what} may not be read (HTTP ${status}): ${subject.forbidden}`)
  if (status === 429) {
    const wait = retryAfter(response)
    const when = wait === undefined ? 'a few minutes' : `${Math.ceil(wait / 1000)} s`
    return error(`${hostOf(url)} wants fewer requests (HTTP 429): open the model again in ${when}`)
  }
  const way = isBusy(status) ? 'the server is in trouble, try again later' : 'check the address'
  return error(`${subject.what} was expected, ${hostOf(url)} answered HTTP ${status}: ${way}`)
}
