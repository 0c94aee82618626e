/** The Node host over parity fixtures, which bring no tokenizer: words `t0` ... `t95` are their tokens. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Prompt } from '../../src/lab/api'
import { Engine } from '../../workers/engine'
import type { Host, ModelFiles } from '../../workers/host/host'
import { nodeHost } from '../../workers/host/host-node'
import { loadFixture } from '../fixtures'
import { wordTokenizer } from '../word-tokenizer'

/** Files of a fixture folder with a tokenizer added; `change` may replace or drop files to break them. */
export function fixtureFiles(name: string, change: Readonly<Record<string, Uint8Array | string | null>> = {}): Host {
  const { folder, reference } = loadFixture(name)
  const texts: Record<string, Uint8Array | string | null> = {
    ...wordTokenizer(reference.vocab),
    ...change
  }
  const wrap = async (): Promise<ModelFiles> => {
    const real = await nodeHost.files({ kind: 'folder', path: folder }, () => undefined)
    const own = (path: string): Uint8Array | undefined => {
      const value = texts[path]
      if (value === undefined || value === null) return undefined
      return typeof value === 'string' ? new TextEncoder().encode(value) : value
    }
    const changesWeights = Object.keys(change).some((path) => path.startsWith('onnx/'))
    return {
      ...real,
      list: async () => {
        const listing = new Map(await real.list())
        for (const [path, value] of Object.entries(texts)) {
          if (value === null) listing.delete(path)
          else listing.set(path, own(path)?.length ?? 0)
        }
        return listing
      },
      read: async (path, onProgress) =>
        own(path) ?? real.read(texts[path] === null ? `${path}.gone` : path, onProgress),
      folder: async (paths, onProgress) => (changesWeights ? undefined : real.folder(paths, onProgress))
    }
  }
  return { ...nodeHost, files: wrap }
}

export function readFixtureFile(name: string, path: string): Uint8Array {
  return readFileSync(join(loadFixture(name).folder, path))
}

export async function openFixture(
  name: string,
  options: Parameters<Engine['open']>[1] = { dtype: 'fp32' }
): Promise<Engine> {
  const engine = new Engine(fixtureFiles(name))
  await engine.open({ kind: 'folder', path: name }, options)
  return engine
}

export const ids = (prompt: readonly number[]): Prompt => ({ ids: prompt })
