/** A finished run as one zip that anyone can open, check and repeat. docs/study.md has its layout. */
import type { Direction } from '../../direction/direction'
import { readDirections, writeDirections } from '../../direction/files/files'
import { LabError } from '../../errors'
import { fieldsOf } from '../../formats/fields'
import { map, object, parseJson, read, text as anyText } from '../../formats/schema'
import { quoted, utf8 } from '../../formats/text'
import { floatTensor, readSafetensors, tensorFloats, writeSafetensors } from '../../formats/safetensors'
import { readZip } from '../../formats/zip'
import { writeZip, type ZipEntry } from '../../formats/zip-write'
import { sha256 } from '../../math/sha256'
import { readRows, writeRows } from './answer-rows'
import type { Findings } from '../findings'
import { inOrder } from './order'
import type { Run } from '../run'
import { readRunDocument, runDocument, type RunDocument } from './run-document'
import { scoreAnswers, type Scores } from './scores'
import { portableSettings } from './settings-document'

export interface NamedArray {
  readonly shape: readonly number[]
  readonly data: Float32Array
}

/** What goes along with a run. Names are those of files, without folder and ending. */
export interface BundleExtra {
  /** Each of one model, at most one a layer. */
  readonly directions: ReadonlyMap<string, readonly Direction[]>
  /** Hidden states and whatever else is made of floats: file by file, tensor by tensor. */
  readonly tensors: ReadonlyMap<string, ReadonlyMap<string, NamedArray>>
  /** The report and the figures, by path: `report.html`, `figures/dose.svg`. */
  readonly pages: ReadonlyMap<string, string>
  /** Where the answers were scored already. */
  readonly scores?: Scores
}

/** What a bundle gives back. */
export interface Bundle {
  readonly run: Run
  /** As the file states them; `recheck` computes them again. */
  readonly scores: Scores
  /** The findings as the file states them: JSON. */
  readonly findings: string
  readonly directions: BundleExtra['directions']
  readonly tensors: BundleExtra['tensors']
}

const mega = 1 << 20
/** The most bytes of each file that is read, so that an archive cannot take more. */
const limits = new Map([
  ['run.json', 64 * mega],
  ['run.json.sha256', 1024],
  ['findings.json', 64 * mega],
  ['rows.jsonl', 512 * mega]
])
const tensorLimit = 512 * mega
const mostBytes = 1536 * mega
const tensorPath = /^(directions|hidden)\/([\w.+-]+)\.safetensors$/

/**
 * The zip. The same run gives the same bytes: answers are put in order, times fixed. `findings` are those of `inOrder(run)`.
 * @throws LabError `format` for a run that could not be read again, `shape` for directions or tensors that fit no file
 */
export async function writeBundle(run: Run, findings: Findings, extra: BundleExtra): Promise<Uint8Array<ArrayBuffer>> {
  return writeZip(await bundleFiles(run, findings, extra))
}

/** The same as single files, for a folder. */
export async function bundleFiles(run: Run, findings: Findings, extra: BundleExtra): Promise<readonly ZipEntry[]> {
  const ordered = inOrder(run)
  const scores = ordered === run && extra.scores ? extra.scores : scoreAnswers(ordered)
  // Read back at once: what is written is what can be read, each field in its place.
  const document = readRunDocument(parseJson(JSON.stringify(runDocument(ordered)), 'the run'), 'the run')
  const files: ZipEntry[] = [
    { path: 'rows.jsonl', bytes: writeRows(document, ordered.answers, scores) },
    { path: 'findings.json', bytes: encoded(findingsText(findings)) },
    ...Array.from(extra.directions, ([name, directions]) => directionsFile(name, directions)),
    ...Array.from(extra.tensors, ([name, tensors]) => tensorsFile(name, tensors)),
    ...Array.from(extra.pages, ([path, text]) => ({ path, bytes: encoded(text) }))
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
  const hashes = await Promise.all(files.map(async ({ path, bytes }) => [path, await sha256(bytes)] as const))
  const main = encoded(runText(document, new Map(hashes)))
  const own = encoded(`${await sha256(main)}  run.json\n`)
  return [{ path: 'run.json', bytes: main }, { path: 'run.json.sha256', bytes: own }, ...files]
}

/**
 * Reads a bundle, strictly. Figures and report are left alone, since all they say follows from the rest.
 * @throws LabError `format` for another version, a missing file or a wrong field, `checksum` for a file that is not the
 * one that was written, `memory` for one that unpacks beyond its limit
 */
export async function readBundle(bytes: Uint8Array): Promise<Bundle> {
  const { files } = await readZip(bytes, limitOf, mostBytes)
  const text = await mainText(files)
  const value = parseJson(text, 'run.json')
  const document = readRunDocument(value, 'run.json')
  const hashes = hashesOf(value)
  if (runText(asGiven(document, value), hashes) !== text) {
    throw new LabError('format', 'run.json is not as Azimuth writes it: take the file as it was written, unedited')
  }
  await assertWhole(files, hashes)
  const { answers, scores } = readRows(need(files, 'rows.jsonl'), document)
  const findings = utf8(need(files, 'findings.json'), 'findings.json')
  // Bundles of earlier versions have addresses with their signatures.
  const run = { ...document, settings: portableSettings(document.settings), answers }
  return { run, scores, findings, ...readTensors(files) }
}

/** run.json as it was written. @throws LabError `format`, `checksum` */
async function mainText(files: Files): Promise<string> {
  const main = need(files, 'run.json')
  const own = utf8(need(files, 'run.json.sha256'), 'run.json.sha256')
  await assertHash('run.json', main, own.slice(0, 64))
  return utf8(main, 'run.json')
}

/** A bundle of version 1 or 2 as far as it is brought over: its text, rows and vectors, each checked against its hash. */
export interface OldBundle extends Pick<Bundle, 'directions' | 'tensors'> {
  /** run.json */
  readonly text: string
  /** rows.jsonl, one line an answer */
  readonly rows: Uint8Array
}

/** Reads the files of an older bundle. @throws LabError as `readBundle` */
export async function readOldBundle(bytes: Uint8Array): Promise<OldBundle> {
  const { files } = await readZip(bytes, limitOf, mostBytes)
  const text = await mainText(files)
  await assertWhole(files, hashesOf(parseJson(text, 'run.json')))
  return { text, rows: need(files, 'rows.jsonl'), ...readTensors(files) }
}

/** SHA-256 of each file by its path, as run.json lists them. @throws LabError `format` */
function hashesOf(main: unknown): ReadonlyMap<string, string> {
  return read(object({ files: map(anyText) }), main, 'run.json').files
}

/** The findings as a bundle states them. */
export function findingsText(findings: Findings): string {
  return `${JSON.stringify(findings, null, 1)}\n`
}

type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>

/** The document without the settings that the file lacks: a run that was written before there was a setting stays whole. */
function asGiven(document: RunDocument, value: unknown): object {
  const given = fieldsOf(fieldsOf(value).get('settings'))
  const settings = Object.entries(document.settings).filter(([name]) => given.has(name))
  return { ...document, settings: Object.fromEntries(settings) }
}

function runText(document: object, hashes: ReadonlyMap<string, string>): string {
  return `${JSON.stringify({ ...document, files: Object.fromEntries(hashes) }, null, 1)}\n`
}

function limitOf(path: string): number | undefined {
  return tensorPath.test(path) ? tensorLimit : limits.get(path)
}

function need(files: Files, path: string): Uint8Array<ArrayBuffer> {
  const bytes = files.get(path)
  if (!bytes) throw new LabError('format', `the zip has no ${path}: is it the bundle of a run?`)
  return bytes
}

/** Every file that is read is listed and has its hash, and every listed one of them is there. */
async function assertWhole(files: Files, hashes: ReadonlyMap<string, string>): Promise<void> {
  for (const path of hashes.keys()) if (limitOf(path) !== undefined) need(files, path)
  for (const [path, bytes] of files) {
    if (path.startsWith('run.json')) continue
    const expected = hashes.get(path)
    if (expected === undefined) {
      throw new LabError('format', `run.json does not list ${path}: take the zip as it was written`)
    }
    await assertHash(path, bytes, expected)
  }
}

async function assertHash(path: string, bytes: Uint8Array, expected: string): Promise<void> {
  const actual = await sha256(bytes)
  if (actual === expected) return
  const hashes = `SHA-256 ${quoted(expected.slice(0, 12))}…, it has ${actual.slice(0, 12)}…`
  throw new LabError('checksum', `${path} should have ${hashes}: take the zip again, as it was written`)
}

function directionsFile(name: string, directions: readonly Direction[]): ZipEntry {
  const [file] = writeDirections(directions, { format: 'safetensors', name })
  return { path: pathOf('directions', name), bytes: file?.bytes ?? new Uint8Array(), stored: true }
}

function tensorsFile(name: string, tensors: ReadonlyMap<string, NamedArray>): ZipEntry {
  const named = Array.from(tensors, ([key, { shape, data }]) => [key, floatTensor(shape, data)] as const)
  return { path: pathOf('hidden', name), bytes: writeSafetensors(new Map(named)), stored: true }
}

function pathOf(folder: 'directions' | 'hidden', name: string): string {
  const path = `${folder}/${name}.safetensors`
  if (tensorPath.test(path)) return path
  throw new LabError('shape', `${quoted(name)} cannot be the name of a file: use letters, digits, dots and dashes`)
}

function readTensors(files: Files): Pick<Bundle, 'directions' | 'tensors'> {
  const directions = new Map<string, readonly Direction[]>()
  const tensors = new Map<string, ReadonlyMap<string, NamedArray>>()
  for (const [path, bytes] of files) {
    const [, folder, name = ''] = tensorPath.exec(path) ?? []
    if (folder === 'directions') {
      const found = readDirections([{ name: path, bytes }])
      if (found.kind !== 'directions') throw new LabError('format', `${path} does not say which model it is of`)
      directions.set(name, found.directions)
    }
    if (folder === 'hidden') {
      const arrays = Array.from(readSafetensors(bytes), ([key, tensor]) => {
        return [key, { shape: tensor.shape, data: tensorFloats(key, tensor) }] as const
      })
      tensors.set(name, new Map(arrays))
    }
  }
  return { directions, tensors }
}

const encoded = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
