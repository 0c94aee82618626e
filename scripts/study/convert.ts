/** A bundle of an earlier version brought over on the command line. */
import { readFile, writeFile } from 'node:fs/promises'
import { LabError } from '../../src/errors'
import { pagesOf } from '../../src/report/pages'
import { findingsOf } from '../../src/study/analysis/analyse'
import { writeBundle } from '../../src/study/files/bundle'
import { convertBundle } from '../../src/study/files/convert'

/** Writes the zip. 0 when done. @throws LabError as `convertBundle` */
export async function convertFile(from: string, to: string): Promise<number> {
  const bytes = await readFile(from).catch((cause: unknown) => {
    throw new LabError('format', `${from} could not be read (${String(cause)}); give a bundle of a run`, { cause })
  })
  const { run, read, extra } = await convertBundle(new Uint8Array(bytes))
  const findings = findingsOf(run, read)
  await writeFile(to, await writeBundle(run, findings, { ...extra, pages: pagesOf(run, findings) }))
  for (const note of run.notes) console.error(note)
  console.log(findings.headline)
  return 0
}
