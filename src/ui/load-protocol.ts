import type { StudyProtocol } from '../state/study-protocol'

let loaded: Promise<StudyProtocol> | null = null

/** The study of this page, once; a download that failed is tried again with the next call. */
export function loadProtocol(): Promise<StudyProtocol> {
  loaded ??= load()
  loaded.catch(() => (loaded = null))
  return loaded
}

async function load(): Promise<StudyProtocol> {
  const [{ pageProtocol }, { pagesOf }] = await Promise.all([
    import('../state/page-protocol'),
    import('../plot/study/pages')
  ])
  return pageProtocol(document.baseURI, pagesOf)
}
