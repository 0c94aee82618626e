import { describe, expect, it } from 'vitest'
import { writeZip, type ZipEntry } from '../../src/formats/zip-write'
import { sha256 } from '../../src/math/sha256'
import { bundleFiles, readBundle, writeBundle } from '../../src/study/files/bundle'
import { convertBundle } from '../../src/study/files/convert'
import { inOrder } from '../../src/study/files/order'
import { findingsOf } from '../../src/study/analysis/analyse'
import type { Run } from '../../src/study/run'
import { sampleRun } from './samples/sample-run'

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const some = sampleRun('llama')
const run: Run = inOrder({ ...some, settings: { ...some.settings, draws: 200 } })
const findings = findingsOf(run)

/** What version 2 did not have, field by field. */
function older(key: string, value: unknown): unknown {
  if (['before', 'clean', 'instruction', 'overlap', 'calibrate'].includes(key)) return undefined
  if (key === 'version' && value === '3') return '2'
  if (key === 'detector') return 'azimuth-code-1'
  return key === 'primary' ? { anchors: 'neutral', alpha: 3 } : value
}

/** The run as version 2 wrote it: one line an answer, and what each counts as. */
async function oldBundle(version = '2'): Promise<Uint8Array> {
  const [main] = await bundleFiles(run, findings, { directions: new Map(), tensors: new Map(), pages: new Map() })
  const document = JSON.parse(new TextDecoder().decode(main?.bytes)) as Record<string, unknown>
  const rows = run.answers.map(({ block: index, arm: place, prompt, sample, text, tokens, logProbability }) => {
    const block = run.blocks[index]
    const arm = block?.arms[place]
    const { model, adapter, set, part } = block ?? {}
    const { id, family, alpha, donor, anchors } = arm ?? {}
    const where = { block: index, model, adapter, set, part, arm: id, family, alpha, donor, anchors }
    return JSON.stringify({
      ...where,
      prompt: set && run.prompts[set]?.prompts[prompt]?.id,
      sample,
      tokens,
      logProbability,
      text
    })
  })
  const files: ZipEntry[] = [
    { path: 'rows.jsonl', bytes: encode(`${rows.join('\n')}\n`) },
    { path: 'findings.json', bytes: encode('{}\n') }
  ]
  const hashes = await Promise.all(files.map(async ({ path, bytes }) => [path, await sha256(bytes)] as const))
  const { files: _files, ...rest } = document
  const text = JSON.stringify(
    { ...rest, version: version === '2' ? '3' : version, files: Object.fromEntries(hashes) },
    older,
    1
  )
  const bytes = encode(text)
  const own = encode(`${await sha256(bytes)}  run.json\n`)
  return writeZip([{ path: 'run.json', bytes }, { path: 'run.json.sha256', bytes: own }, ...files])
}

describe('a bundle of an earlier version', () => {
  it('is refused by name, with the command that brings it over', async () => {
    await expect(readBundle(await oldBundle())).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining('version 2, this Azimuth reads 3: bring it over with npm run study -- --convert')
    })
  })

  it('keeps every answer, is read at alpha 1, says so, and is a bundle of this version then', async () => {
    const { run: over, extra } = await convertBundle(await oldBundle())
    expect(over.answers).toEqual(run.answers)
    expect(over.settings.primary).toEqual({ anchors: 'neutral', alpha: 1 })
    expect(over.settings.thresholds.overlap).toBe(0.2)
    expect(over.notes.join(' ')).toMatch(/Brought over from version 2.*The primary condition was alpha 3/)
    const { run: back } = await readBundle(await writeBundle(over, findingsOf(over), { ...extra, pages: new Map() }))
    expect(back).toEqual(over)
  })

  it('has clean prose worked out again where alpha was chosen, and no alpha that is not admissible', async () => {
    const tuned = { ...run, blocks: run.blocks }
    expect(tuned.choices.length).toBeGreaterThan(0)
    const { run: over } = await convertBundle(await oldBundle())
    // Nothing was answered on tune under a steered arm here, so no alpha can be shown to leave prose.
    expect(over.choices.map(({ alpha }) => alpha)).toEqual(over.choices.map(() => 1))
    for (const { curve } of over.choices) for (const { clean } of curve) expect(clean).toBeGreaterThanOrEqual(0)
  })

  it('of a version that nobody knows is refused', async () => {
    await expect(convertBundle(await oldBundle('7'))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringContaining('version 7, only 1 and 2 are brought over')
    })
  })
})
