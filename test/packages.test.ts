import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isKnownLicence, knownScripts, lockedPackages } from '../scripts/packages.mjs'

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

describe('what is locked', () => {
  const packages = lockedPackages(resolve(import.meta.dirname, '..'))

  it('has a licence that goes with ours', () => {
    expect(packages.length).toBeGreaterThan(100)
    expect(
      packages.filter(({ licence }) => !isKnownLicence(licence)).map(({ name, licence }) => [name, licence])
    ).toEqual([])
    expect(['GPL-3.0', 'none', 'MIT AND GPL-3.0'].map(isKnownLicence)).toEqual([false, false, false])
    expect(isKnownLicence('(MIT OR GPL-3.0)')).toBe(true)
  })

  it('runs no program at its installation that was not looked at', () => {
    const running = packages.filter(({ runs }) => runs).map(({ name }) => name)
    expect(running.filter((name) => !knownScripts.has(name))).toEqual([])
  })
})
