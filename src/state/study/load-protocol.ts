import type { StudyProtocol } from './study-protocol'

let loaded: Promise<StudyProtocol> | null = null

/** The study of this page, once; a download that failed is tried again with the next call. */
export function loadProtocol(): Promise<StudyProtocol> {
  loaded ??= import('./page-protocol').then(({ pageProtocol }) => pageProtocol(document.baseURI))
  loaded.catch(() => (loaded = null))
  return loaded
}
