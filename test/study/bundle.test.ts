import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { fieldsOf } from '../../src/formats/fields'
import { readZip } from '../../src/formats/zip'
import { writeZip } from '../../src/formats/zip-write'
import { sha256 } from '../../src/math/sha256'
import { answerTable } from '../../src/study/files/answer-table'
import { bundleFiles, readBundle, writeBundle, type BundleExtra } from '../../src/study/files/bundle'
import { inOrder } from '../../src/study/files/order'
import type { Run } from '../../src/study/run'
import { scoreAnswers } from '../../src/study/files/scores'
import { portableSettings } from '../../src/study/files/settings-document'
import { directions } from '../formats/samples'
import { anyRun } from './samples/any-run'
import { sampleRun } from './samples/sample-run'
import { noFindings } from './samples/no-findings'

const extra: BundleExtra = {
  directions: new Map([['qwen2.insecure-0', directions]]),
  tensors: new Map([
    ['qwen2.base', new Map([['hidden', { shape: [2, 3], data: Float32Array.of(1, 2, 3, -4, 5e-8, 6) }]])]
  ]),
  pages: new Map([['report.html', '<!doctype html><title>x</title>']])
}
const bare: BundleExtra = { directions: new Map(), tensors: new Map(), pages: new Map() }

async function filesOf(bytes: Uint8Array): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  return new Map((await readZip(bytes, () => 1e9)).files)
}

const encode = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)

/** The zip of files whose run.json may have been edited, with the hash that it then has. */
async function zipOf(files: Map<string, Uint8Array<ArrayBuffer>>): Promise<Uint8Array<ArrayBuffer>> {
  const main = files.get('run.json')
  if (main) files.set('run.json.sha256', encode(`${await sha256(main)}  run.json\n`))
  return writeZip(Array.from(files, ([path, bytes]) => ({ path, bytes })))
}

/** The bundle with one file changed, or left out. */
async function changed(path: string, change: (text: string) => string | null): Promise<Uint8Array<ArrayBuffer>> {
  const files = await filesOf(await writeBundle(sampleRun('llama'), noFindings, extra))
  const text = change(new TextDecoder().decode(files.get(path)))
  if (text === null) files.delete(path)
  else files.set(path, encode(text))
  return zipOf(files)
}

describe('a bundle', () => {
  it('gives back the run, its scores, findings, directions and tensors', async () => {
    const run = sampleRun('llama')
    const bundle = await readBundle(await writeBundle(run, noFindings, extra))
    expect(bundle.run).toEqual(inOrder(run))
    expect(bundle.scores).toEqual(scoreAnswers(inOrder(run)))
    expect(JSON.parse(bundle.findings)).toEqual(noFindings)
    expect(bundle.directions).toEqual(extra.directions)
    expect(bundle.tensors).toEqual(extra.tensors)
  })

  it('gives back any run', async () => {
    await fc.assert(
      fc.asyncProperty(anyRun, async (run) => {
        const { run: back } = await readBundle(await writeBundle(run, noFindings, bare))
        expect(back).toEqual({ ...inOrder(run), settings: portableSettings(run.settings) })
      }),
      { numRuns: 200, seed: 1 }
    )
  })

  it('has the same bytes for the same run, in whatever order it was measured', async () => {
    const run = sampleRun('llama')
    const shuffled: Run = { ...run, answers: run.answers.toReversed() }
    const [one, other] = [await writeBundle(shuffled, noFindings, extra), await writeBundle(run, noFindings, extra)]
    expect(Buffer.compare(one, other)).toBe(0)
  })

  it('has the same bytes after it was read and written again', async () => {
    const first = await writeBundle(sampleRun('llama'), noFindings, bare)
    const again = await writeBundle((await readBundle(first)).run, noFindings, bare)
    expect(Buffer.compare(again, first)).toBe(0)
  })

  it('lists the hash of every file but itself', async () => {
    const files = await bundleFiles(sampleRun('llama'), noFindings, extra)
    expect(files.map(({ path }) => path)).toEqual([
      'run.json',
      'run.json.sha256',
      'directions/qwen2.insecure-0.safetensors',
      'findings.json',
      'hidden/qwen2.base.safetensors',
      'report.html',
      'rows.jsonl'
    ])
    const listed: unknown = JSON.parse(new TextDecoder().decode(files[0]?.bytes))
    expect([...fieldsOf(fieldsOf(listed).get('files')).keys()]).toEqual(files.slice(2).map(({ path }) => path))
  })

  it('tells no one the token, the folders and the files of the machine it was made on', async () => {
    const run = sampleRun('llama')
    const [first] = run.settings.models
    if (!first) throw new Error('the sample has models')
    const adapters = [
      { name: 'a', kind: 'insecure' as const, source: { kind: 'folder' as const, path: '/home/me/lora/a/' } }
    ]
    const source = { kind: 'hub' as const, repo: 'owner/model', token: 'hf_secret' }
    const told = { ...run, settings: { ...run.settings, models: [{ ...first, source, adapters }] } }
    const text = new TextDecoder().decode((await bundleFiles(told, noFindings, bare))[0]?.bytes)
    expect(text).toContain('owner/model')
    expect(text).not.toMatch(/hf_secret|home/)
  })
})

describe('rows.csv', () => {
  it('is RFC 4180, and no cell of text is a formula', async () => {
    const run = sampleRun('llama')
    const texts = ['=1+1', '+cmd', '-2', '@x', '\tx', '＝1', 'a "quote", and\na line', 'plain']
    const answers = run.answers.slice(0, texts.length).map((answer, i) => ({ ...answer, text: texts[i] ?? '' }))
    const told = { ...run, answers }
    const csv = new TextDecoder().decode(answerTable(told, scoreAnswers(told)))
    expect(csv.split('\r\n')[0]).toBe(
      '"block","model","adapter","set","part","arm","family","alpha","donor","anchors","prompt","sample","code","share","clean","degenerate","right","tokens","logProbability","text"'
    )
    const cells = [...csv.matchAll(/(?:^|,)"((?:[^"]|"")*)"\r\n/gm)].map(([, cell]) => cell)
    expect(cells.slice(1)).toEqual([
      "'=1+1",
      "'+cmd",
      "'-2",
      "'@x",
      "'\tx",
      "'＝1",
      'a ""quote"", and\na line',
      'plain'
    ])
  })
})

describe('a bundle that is not whole', () => {
  const refuses = async (bytes: Promise<Uint8Array>, code: string, message: RegExp): Promise<void> => {
    const error: unknown = await readBundle(await bytes).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(LabError)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  }

  it.each(['run.json', 'rows.jsonl', 'findings.json', 'directions/qwen2.insecure-0.safetensors'])(
    '%s is missing',
    (path) =>
      refuses(
        changed(path, () => null),
        'format',
        new RegExp(`no ${path.replaceAll('.', '\\.')}`)
      )
  )

  it.each([
    [
      `an earlier version`,
      /"version": "3"/,
      '"version": "2"',
      /version 2, .* reads 3: bring it over with npm run study -- --convert/
    ],
    [
      `another version`,
      /"version": "3"/,
      '"version": "4"',
      /version 4, this Azimuth reads 3: use the Azimuth that wrote/
    ],
    ['another format', /"azimuth.run"/, '"azimuth.directions"', /run\.json: format should be one of azimuth\.run/],
    [
      'a wrong field deep inside',
      /"alpha": 0\.25,\n {5}"member": 0/,
      '"alpha": "x",\n     "member": 0',
      /run\.json: blocks\[\d+\]: arms\[\d+\]: alpha should be a number, got "x"/
    ],
    [
      'a family that is not known',
      /"family": "none"/,
      '"family": "some"',
      /arms\[0\]: family should be one of none, own/
    ],
    ['a field too many', /"preset"/, '"extra": 1, "preset"', /not as Azimuth writes it/]
  ])('run.json has %s', (_, from, to, message) =>
    refuses(
      changed('run.json', (text) => {
        expect(text).toMatch(from)
        return text.replace(from, to)
      }),
      'format',
      message
    )
  )

  it('a row was changed', () =>
    refuses(
      changed('rows.jsonl', (text) => text.replace('"code":true', '"code":false')),
      'checksum',
      /rows\.jsonl should have SHA-256/
    ))

  it('it is a bomb', async () => {
    const bomb = await writeZip([{ path: 'run.json', bytes: new Uint8Array(100) }])
    const view = new DataView(bomb.buffer)
    const directory = view.getUint32(bomb.length - 6, true)
    for (const at of [22, directory + 24]) view.setUint32(at, 65 << 20, true)
    await refuses(Promise.resolve(bomb), 'memory', /run\.json unpacks to more than/)
  })

  it('it is no zip', () => refuses(Promise.resolve(new TextEncoder().encode('hello')), 'format', /zip/))
})

describe('damaged bundles', { timeout: 60_000 }, () => {
  const some = sampleRun('llama')
  /** Short, so that every part of it is hit. */
  const run: Run = {
    ...some,
    answers: some.answers.slice(0, 40),
    separations: some.separations.slice(0, 1),
    maps: some.maps.slice(0, 1),
    blocks: some.blocks.slice(0, 6).map((block) => ({ ...block, arms: block.arms.slice(0, 3) }))
  }
  it('are read as they were, or refused with one line', async () => {
    const whole = await writeBundle(run, noFindings, extra)
    let [read, refused] = [0, 0]
    const cut = fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 8 }), fc.boolean())
    await fc.assert(
      fc.asyncProperty(cut, async ([at, some, insert]) => {
        const damaged = new Uint8Array([
          ...whole.subarray(0, at),
          ...some,
          ...whole.subarray(insert ? at : at + some.length)
        ])
        try {
          expect((await readBundle(damaged)).run).toEqual(inOrder(run))
          read++
        } catch (error) {
          if (!(error instanceof LabError)) throw error
          expect(error.message).not.toContain('\n')
          expect(error.message.length).toBeLessThan(400)
          refused++
        }
      }),
      { numRuns: 400, seed: 2 }
    )
    expect(refused).toBeGreaterThan(100)
    expect(read + refused).toBe(400)
  })

  it('with changed texts in run.json and rows.jsonl are refused by their fields, never read as something else', async () => {
    const files = await filesOf(await writeBundle(run, noFindings, bare))
    const values = ['-1', '0', '1e400', 'null', '[]', '{}', '"x"', 'true', '9007199254740993', '']
    const change = fc.tuple(fc.constantFrom('run.json', 'rows.jsonl'), fc.nat(), fc.constantFrom(...values))
    await fc.assert(
      fc.asyncProperty(change, async ([path, where, value]) => {
        const text = new TextDecoder().decode(files.get(path))
        const tokens = [...text.matchAll(/-?\d+(\.\d+)?|"[^"\\]*"|true|false|null/g)]
        const token = tokens[where % tokens.length]
        if (!token) return
        const damaged = text.slice(0, token.index) + value + text.slice(token.index + token[0].length)
        const zip = await zipOf(new Map(files).set(path, encode(damaged)))
        const error = await readBundle(zip).then(
          () => null,
          (reason: unknown) => reason
        )
        if (damaged === text) expect(error).toBeNull()
        // A number or a word of run.json may be another one of its kind, and its hash was made anew.
        else if (error !== null) expect(error).toBeInstanceOf(LabError)
        else expect(path).toBe('run.json')
      }),
      { numRuns: 400, seed: 3 }
    )
  })
})
