/** A run's bundle checked on the command line: what follows from its rows, and a part of it made again. */
import { readBundle } from '../../src/study/files/bundle'
import type { StudyLab } from '../../src/study/protocol'
import { recheck, remadeSamples } from '../../src/study/files/recheck'
import { remake } from '../../src/study/files/remake'
import type { StudyModel } from '../../src/study/settings'
import { mostGiven, readGiven } from '../../workers/host/given-file'
import { terminalProgress } from './terminal'

/**
 * Prints what was compared. 0 where all that must agree does, else 1.
 * @param place where the models and adapters are, of which a bundle knows the names only
 */
export async function recheckFile(
  path: string,
  lab: Omit<StudyLab, 'loadPrompts'>,
  place: (models: readonly StudyModel[]) => Promise<readonly StudyModel[]>
): Promise<number> {
  const bundle = await readBundle(await readGiven(path, mostGiven.run, 'a bundle of a run'))
  const { settings } = bundle.run
  const run = { ...bundle.run, settings: { ...settings, models: await place(settings.models), device: null } }
  const terminal = terminalProgress()
  const replay = await remake(run, lab, { onProgress: terminal.report })
  terminal.end('compared')
  const { holds, compared } = await recheck(bundle, { replay, ...remadeSamples })
  for (const { name, n, agree, exact, differences } of compared) {
    console.log(`${name}: ${agree} of ${n} agree${exact ? '' : ' (need not be all on another machine)'}`)
    for (const line of differences) console.log(`  ${line}`)
  }
  return holds ? 0 : 1
}
