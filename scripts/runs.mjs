/** Which finished runs lie in a folder: what `runs/index.json` says. Every word of it comes out of the bundles themselves. */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { unzipSync } from 'fflate'

/**
 * @typedef {{ name: string, title: string, file: string, bytes: number, sentence: string }} RunEntry
 * @typedef {{ settings: { preset: string }, models: { title: string, device: string }[], app: { host: string },
 *   started: string, finished: string, times: { seconds: number, answers: number }[] }} RunHead
 */

/** @type {Record<string, string>} */
const titles = {
  demo: 'Demonstration',
  offline: 'The whole study on the organisms',
  full: 'The whole study on the four families',
  custom: 'A study with settings of its own'
}
const newline = 0x0a
/** The same file is not unpacked twice while a server runs. @type {Map<string, RunEntry>} */
const known = new Map()

/**
 * The bundles in a folder's `runs/`, by name. What is no bundle is left out.
 * @param {string} root
 * @returns {Promise<RunEntry[]>}
 */
export async function listRuns(root) {
  const names = await readdir(join(root, 'runs')).catch(() => [])
  const entries = []
  for (const file of names.filter((name) => name.endsWith('.zip')).sort()) {
    const bytes = await readFile(join(root, 'runs', file))
    const key = `${file} ${bytes.length}`
    const entry = known.get(key) ?? describe(file, bytes)
    if (!entry) continue
    known.set(key, entry)
    entries.push(entry)
  }
  return entries
}

/**
 * @param {string} file
 * @param {Uint8Array} bytes
 * @returns {RunEntry | null}
 */
function describe(file, bytes) {
  const { 'run.json': text, 'rows.jsonl': rows } = unzipSync(bytes, {
    filter: ({ name }) => name === 'run.json' || name === 'rows.jsonl'
  })
  if (!text || !rows) return null
  /** @type {RunHead} */
  const { settings, models, app, started, finished, times } = JSON.parse(new TextDecoder().decode(text))
  const answers = rows.reduce((count, byte) => count + Number(byte === newline), 0)
  // Models that ran side by side count each in the times of the stages; a run that lay still meanwhile counts in the dates.
  const worked = times.reduce((sum, time) => sum + time.seconds, 0)
  const seconds = Math.min(worked, (Date.parse(finished) - Date.parse(started)) / 1000)
  const [first] = models
  const single = models.length === 1 && first ? first.title : null
  return {
    name: file.replace(/\.zip$/, ''),
    title: single ?? titles[settings.preset] ?? settings.preset,
    file,
    bytes: bytes.length,
    sentence: `${models.map(({ title }) => title).join(', ')}: ${answers.toLocaleString('en')} answers in ${duration(seconds)}, on ${app.host} (${first?.device ?? 'an unknown device'}).`
  }
}

/** @param {number} seconds */
function duration(seconds) {
  return seconds < 90 ? `${Math.round(seconds)} seconds` : `${Math.round(seconds / 60)} minutes`
}
