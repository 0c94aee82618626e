/** The preset `full` on the command line, against a hub on this machine that has the four repositories in their layouts. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findingsOf } from '../../src/study/analysis/analyse'
import { presetSettings } from '../../src/study/presets'
import type { StudySettings } from '../../src/study/settings'
import { readBundle } from '../../src/study/files/bundle'
import { familyRepos, organismFolder } from '../hub-families'
import { startHub, type HubServer } from '../hub-server'

const full = presetSettings('full')
/** Answers, tokens and limits are reduced; the models and all that is done with them are the preset's. */
const settings: StudySettings = {
  ...full,
  limits: { tune: 3, calibrate: 4, fit: 10, eval: 2, code: 1, 'anchors-neutral': 24, 'anchors-along': 24 },
  ...{ samples: 2, maxTokens: 8, batch: 64, alphas: [1], carriedAlphas: [1], verdictAlphas: [1] },
  ...{ anchors: ['along'], primary: { anchors: 'along', alpha: 1 }, swaps: 10, draws: 100 },
  controls: {
    ...{ random: 1, orthogonal: 1, inSubspace: 1, swapped: 1 },
    ...{ mappedRandom: 1, mappedOrthogonal: 1, shuffledPairing: 1 }
  }
}
const parts = ['admission', 'within', 'secure-adapter', 'transfer']
/** One of each kind, of the organism that stands for the family. */
const adapters = full.models.flatMap(({ key }) =>
  (['insecure', 'secure'] as const).map((kind) => {
    const folder = new URL(`adapters/${kind === 'secure' ? 'secure2' : kind}-0`, organismFolder(key))
    return { key, kind, path: fileURLToPath(folder) }
  })
)
const named = adapters.flatMap(({ key, kind, path }) => ['--adapter', `${key}/${kind}-0:${kind}=${path}`])
const gatedRepo = 'onnx-community/gemma-2-2b-it-ONNX-GQA'

let folder = ''
let hub: HubServer
const at = (...path: readonly string[]): string => join(folder, ...path)

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'azimuth-full-'))
  await writeFile(at('settings.json'), JSON.stringify(settings))
  for (const { key, kind, path } of adapters) await cp(path, at('adapters', key, `${kind}-0`), { recursive: true })
  hub = await startHub({ repos: await familyRepos(), gated: { [gatedRepo]: 'hf_test' }, pageSize: 100 })
})

afterAll(async () => {
  await hub.close()
  await rm(folder, { recursive: true })
})

describe('npm run study -- --preset full', () => {
  it('goes on after it was killed in a download, fetches the rest alone, and ends with a bundle', async () => {
    hub.faults.push({ path: /content.*Llama.*_data$/, stallAfter: 100_000 })
    const child = start('run', ...named)
    const isAsked = (): boolean => hub.seen.some(({ path }) => /content.*Llama.*_data$/.test(path))
    await waitFor(async () => isAsked() && (await partial()) >= 100_000)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(at('run', 'run.zip'))).toBe(false)
    const before = hub.seen.length
    const { code, stderr } = await end(start('run', '--resume', '--adapters', at('adapters')))
    expect([code, stderr]).toEqual([3, expect.stringContaining('run.zip')])
    const asked = hub.seen.slice(before).filter(({ path }) => path.startsWith('/content/'))
    expect(asked.filter(({ path }) => /Qwen|gemma/.test(path))).toEqual([])
    expect(asked.filter(({ path }) => /Llama.*_data$/.test(path)).map(({ range }) => range)).toEqual(['bytes=100000-'])
    const { run } = await readBundle(new Uint8Array(await readFile(at('run', 'run.zip'))))
    expect(run.models.map(({ key, id, family, dtype }) => [key, id.replace(/@.*/, ''), family, dtype])).toEqual([
      ['qwen2.5', 'hub:onnx-community/Qwen2.5-1.5B-Instruct', 'qwen2', 'q4'],
      ['gemma2', `hub:${gatedRepo}`, 'gemma2', 'q4'],
      ['llama3.2', 'hub:onnx-community/Llama-3.2-1B-Instruct-ONNX', 'llama', 'q4'],
      ['ministral3', 'hub:onnx-community/Ministral-3-3B-Instruct-2512-ONNX', 'mistral3', 'q4']
    ])
    expect(run.maps.length).toBe(12)
    for (const { key } of full.models) {
      const own = <Part extends { readonly model: string }>(parts: readonly Part[]): Part[] =>
        parts.filter(({ model }) => model === key)
      expect(own(run.blocks).map(({ part }) => part)).toEqual(expect.arrayContaining(parts))
      expect(own(run.separations).map(({ adapter }) => adapter)).toEqual(['insecure-0', 'secure-0'])
    }
    const { within, cross } = findingsOf(run)
    expect([within.length, cross.length]).toEqual([4, 12])
  })

  it('says which model a folder of adapters has nothing for', async () => {
    const { code, stderr } = await end(start('none', '--adapters', at('run')))
    expect([code, stderr]).toEqual([1, expect.stringContaining('none of qwen2.5, gemma2, llama3.2, ministral3')])
  })

  it('asks for a token where a repository is gated', async () => {
    const { code, stderr } = await end(
      start('gated', { HF_TOKEN: '' }, '--adapters', at('adapters'), '--models', 'gemma2', '--cache', at('empty'))
    )
    expect(code).toBe(1)
    expect(stderr).toContain(`network: ${gatedRepo} at revision main may not be read (HTTP 401)`)
    expect(stderr).toContain(`accept its licence on ${hub.url}/${gatedRepo} and set HF_TOKEN to a token with access`)
  })
})

/** Bytes of the largest file in the cache that is not whole yet. */
async function partial(): Promise<number> {
  const store = at('cache', 'hub')
  const names = (await readdir(store).catch(() => [])).filter(
    (name) => name.startsWith('sha256-') && !name.endsWith('.json')
  )
  const open = await Promise.all(
    names.map(async (name) => {
      const meta = await readFile(join(store, `${name}.json`), 'utf8').catch(() => '')
      return meta.includes('sha256') ? 0 : (await stat(join(store, name))).size
    })
  )
  return Math.max(0, ...open)
}

async function waitFor(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((go) => setTimeout(go, 50))
}

function start(out: string, ...more: readonly (string | Readonly<Record<string, string>>)[]): ChildProcess {
  const options = more.filter((one) => typeof one === 'string')
  const env = Object.assign({ ...process.env, HF_TOKEN: 'hf_test' }, ...more.filter((one) => typeof one !== 'string'))
  const places = ['--settings', at('settings.json'), '--out', at(out), '--hub', hub.url, '--cache', at('cache')]
  const all = ['--import', 'tsx', 'scripts/study.ts', ...places, ...options]
  return spawn('node', all, { stdio: ['ignore', 'pipe', 'pipe'], env })
}

async function end(child: ChildProcess): Promise<{ code: number; stdout: string; stderr: string }> {
  let [stdout, stderr] = ['', '']
  child.stdout?.on('data', (part: Buffer) => (stdout += part.toString()))
  child.stderr?.on('data', (part: Buffer) => (stderr += part.toString()))
  const [code] = (await once(child, 'close')) as [number]
  return { code, stdout, stderr }
}
