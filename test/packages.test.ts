import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

interface Package {
  readonly version?: string
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
}

const file = resolve(import.meta.dirname, '../package-lock.json')
const lock = JSON.parse(readFileSync(file, 'utf8')) as { packages: Readonly<Record<string, Package>> }
const installs = (name: string): readonly (Package | undefined)[] =>
  Object.keys(lock.packages)
    .filter((path) => path.endsWith(`node_modules/${name}`))
    .map((path) => lock.packages[path])

it.each(['onnxruntime-web', 'onnxruntime-node'])('installs one %s: the one that transformers.js wants', (name) => {
  const [only, ...more] = installs(name)
  expect(more).toEqual([])
  expect(only?.version).toBe(installs('@huggingface/transformers')[0]?.dependencies?.[name])
})

it('locks versions, and no addresses that only some machines reach', () => {
  expect(Object.values(lock.packages).flatMap((each) => each.resolved ?? [])).toEqual([])
})
