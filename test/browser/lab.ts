/** The lab's modules without the page, for tests that drive a model worker in a real browser. Not in the built site. */
import type { LocalFile, ModelSource } from '../../src/lab/api'
import { connectModel } from '../../src/lab/connect'
import { openTested } from '../../src/lab/self-test'
import { wordTokenizer } from '../word-tokenizer'

/** A parity fixture as local files, with its tokenizer of words. */
async function fixtureSource(name: string, paths: readonly string[], vocabulary: number): Promise<ModelSource> {
  const base = new URL(`/test/fixtures/${name}/`, location.origin)
  const real = paths.map(async (path): Promise<LocalFile> => {
    const response = await fetch(new URL(path, base))
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return { path, blob: await response.blob() }
  })
  const made = Object.entries(wordTokenizer(vocabulary)).map(([path, text]): LocalFile => ({
    path,
    blob: new Blob([text])
  }))
  return { kind: 'files', name, files: [...(await Promise.all(real)), ...made] }
}

export const lab = { connectModel, openTested, fixtureSource }

declare global {
  interface Window {
    lab: typeof lab
  }
}

window.lab = lab
