/** A hub with one small model, for the tests of the page's sources. */
import { onTestFinished } from 'vitest'
import type { ModelSource, Progress } from '../../../src/lab/api'
import { defaultPatience, type Patience } from '../../../workers/sources/limits'
import { webFiles, type SourceOptions } from '../../../workers/sources/sources'
import type { ModelFiles } from '../../../workers/host/host'
import { repoOf } from '../../hub-repos'
import { startHub, type HubOptions, type HubServer } from '../../hub-server'
import { MemoryDisk } from './disk-memory'
import { contents, repo } from './small-repo'

export { failure } from '../../failure'
export { contents, data, graph, noise, repo, weights } from './small-repo'

/** Impatience, so that no test waits. */
export const patience: Patience = {
  ...defaultPatience,
  ...{ tries: 3, backoff: 1, longestWait: 2000, stall: 200, answer: 2000 }
}

/** A hub for one test, and a way to open its model with a disk of its own. */
export async function setUp(options: Partial<HubOptions> = {}): Promise<{
  readonly hub: HubServer
  readonly disk: MemoryDisk
  readonly open: (source?: Partial<Extract<ModelSource, { kind: 'hub' }>>, more?: SourceOptions) => Promise<ModelFiles>
  readonly openFolder: (more?: SourceOptions) => Promise<ModelFiles>
}> {
  const hub = await startHub({ repos: { [repo]: repoOf(contents) }, ...options })
  onTestFinished(() => hub.close())
  const disk = new MemoryDisk()
  const files = (source: ModelSource, more: SourceOptions = {}): Promise<ModelFiles> =>
    webFiles(source, ignore, { disk, patience, ...more })
  return {
    hub,
    disk,
    open: (source, more) => files({ kind: 'hub', repo, endpoint: hub.url, ...source }, more),
    openFolder: (more) => files({ kind: 'url', url: `${hub.url}/plain/${repo}` }, more)
  }
}

/** Equal bytes. Vitest's `toEqual` takes half a second for as many. */
export const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0

export const ignore = (_: Progress): void => undefined

/** Requests for the content of a file, by what range they asked for. */
export const rangesOf = (hub: HubServer, path: string): (string | undefined)[] =>
  hub.seen
    .filter((each) => each.method === 'GET' && each.path.startsWith('/content/') && each.path.endsWith(path))
    .map(({ range }) => range)
