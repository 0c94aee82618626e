/** The folder of a study on the command line: who may write into it, and what ends up there. */
import { existsSync } from 'node:fs'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { LabError } from '../../src/errors'
import { writeZip } from '../../src/formats/zip-write'
import { pagesOf } from '../../src/report/pages'
import { answerTable } from '../../src/study/files/answer-table'
import { bundleFiles, type BundleExtra } from '../../src/study/files/bundle'
import type { Findings } from '../../src/study/findings'
import type { Journal } from '../../src/study/journal'
import { unpackJournal } from '../../src/study/files/journal-file'
import type { Run } from '../../src/study/run'
import { scoreAnswers } from '../../src/study/files/scores'
import { mostGiven, readGiven } from '../../workers/host/given-file'
import { whileRoom } from './room'

/** An unfinished study is never mixed with a new one by accident. @throws LabError `format` */
export async function claimFolder(folder: string, resume: boolean): Promise<void> {
  const isBegun = existsSync(join(folder, 'journal.jsonl'))
  if (isBegun && !resume) {
    throw new LabError(
      'format',
      `${folder} holds a study already; add --resume to go on with it, or name another folder`
    )
  }
  await whileRoom(folder, () => mkdir(folder, { recursive: true }))
}

/** Takes over the cells of a study that the page saved, where the journal does not have them. @throws LabError `format` */
export async function importStudy(path: string, journal: Journal): Promise<void> {
  const bytes = await readGiven(path, mostGiven.run, 'an unfinished study')
  const known = new Set(await journal.keys())
  for (const [key, entry] of await unpackJournal(bytes)) if (!known.has(key)) await journal.write(key, entry)
}

/** Writes `run.zip`, its files beside it, and the answers as a table for spreadsheets. Returns the paths that a reader wants to know. */
export async function writeResults(
  folder: string,
  run: Run,
  findings: Findings,
  extra: Omit<BundleExtra, 'pages'>
): Promise<readonly string[]> {
  const files = await bundleFiles(run, findings, { ...extra, pages: pagesOf(run, findings) })
  const zip = await writeZip(files)
  await whileRoom(folder, async () => {
    for (const { path, bytes } of files) {
      const place = join(folder, 'run', path)
      await mkdir(dirname(place), { recursive: true })
      await writeFile(place, bytes)
    }
    await writeFile(join(folder, 'run', 'rows.csv'), answerTable(run, extra.scores ?? scoreAnswers(run)))
    // Under another name until all of it is there: a bundle is whole, or there is none.
    const part = join(folder, 'run.zip.part')
    await writeFile(part, zip)
    await rename(part, join(folder, 'run.zip'))
  })
  return [join(folder, 'run.zip'), join(folder, 'run', 'report.html')]
}
