/** A bundle of an earlier version brought over on the command line. */
import { writeFile } from 'node:fs/promises'
import { pagesOf } from '../../src/report/pages'
import { findingsOf } from '../../src/study/analysis/analyse'
import { writeBundle } from '../../src/study/files/bundle'
import { convertBundle } from '../../src/study/files/convert'
import { mostGiven, readGiven } from '../../workers/host/given-file'

/** Writes the zip. 0 when done. @throws LabError as `convertBundle` */
export async function convertFile(from: string, to: string): Promise<number> {
  const { run, read, extra } = await convertBundle(await readGiven(from, mostGiven.run, 'a bundle of a run'))
  const findings = findingsOf(run, read)
  await writeFile(to, await writeBundle(run, findings, { ...extra, pages: pagesOf(run, findings) }))
  for (const note of run.notes) console.error(note)
  console.log(findings.headline)
  return 0
}
