/** A model that comes with the page, below `models/`. It is not stored: its server is the page's own. */
import { LabError } from '../../src/errors'
import { fetchListed, listedFiles, probe, readFilesJson } from './folder-url'
import type { ModelFiles } from '../host/host'
import { asList, asObject } from './json'
import type { Visit } from './remote'

/**
 * @param appBase address of the page's folder, with its slash
 * @throws LabError `network`, `format`
 */
export async function bundledFiles(name: string, appBase: string, visit: Visit): Promise<ModelFiles> {
  const url = new URL(`models/${name.split('/').map(encodeURIComponent).join('/')}/`, appBase).href
  const inIndex = (json: unknown): unknown =>
    asList(json)
      .map(asObject)
      .find((entry) => entry?.['name'] === name)?.['files']
  const listed =
    (await fetchListed(new URL('models/index.json', appBase).href, visit, inIndex)) ??
    (await readFilesJson(url, visit)) ??
    (await probe(url, visit))
  if (listed.length > 0) return listedFiles(`bundled:${name}`, url, listed, visit)
  throw new LabError('network', `${name} is not among the models of this page: choose one from the list`)
}
