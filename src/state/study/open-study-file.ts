import type { Runs } from './runs.svelte'
import type { StudyRun } from './study.svelte'

/** Opens a finished run, or takes an unfinished study in. What kept it from being opened is in the status of the runs. */
export async function openStudyFile(
  { study, runs }: { readonly study: StudyRun; readonly runs: Runs },
  file: File
): Promise<void> {
  try {
    if (await study.kept.unpack(file)) return
  } catch (error) {
    return runs.refuse(error)
  }
  await runs.openBundle(file, file.name.replace(/\.zip$/i, ''))
}
