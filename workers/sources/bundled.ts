/** A model that comes with the page, below `models/`. It is not stored: its server is the page's own. */
import { LabError } from '../../src/errors'
import { isPlainPath } from '../../src/formats/path'
import { quoted } from '../../src/formats/text'
import { fetchListed, listedFiles, probe, readFilesJson } from './folder-url'
import type { ModelFiles } from '../host/host'
import { asList, asObject } from './json'
import type { Visit } from './remote'
import { encodePath } from './request'

/** The name itself: a path below the page's folder. @throws LabError `format` for one that leads elsewhere */
export function bundledName(name: string): string {
  if (isPlainPath(name)) return name
  throw new LabError('format', `${quoted(name)} is no name of what comes with the page: choose a model from the list`)
}

/** What is told of a name that nothing has. */
export const notBundled = (name: string): LabError =>
  new LabError('network', `${name} is not among the models of this page: choose one from the list`)

/**
 * @param appBase address of the page's folder, with its slash
 * @throws LabError `network`, `format`
 */
export async function bundledFiles(name: string, appBase: string, visit: Visit): Promise<ModelFiles> {
  const url = new URL(`models/${encodePath(bundledName(name))}/`, appBase).href
  const inIndex = (json: unknown): unknown =>
    asList(json)
      .map(asObject)
      .find((entry) => entry?.['name'] === name)?.['files']
  const listed =
    (await fetchListed(new URL('models/index.json', appBase).href, visit, inIndex)) ??
    (await readFilesJson(url, visit)) ??
    (await probe(url, visit))
  if (listed.length > 0) return listedFiles(`bundled:${name}`, url, listed, visit)
  throw notBundled(name)
}
