/** Settings as a file: for another machine, or for the command line. */
import { LabError } from '../errors'
import type { StudySettings } from './settings'

/**
 * Settings as JSON.
 * @throws LabError `format` for models or adapters of files that were picked here, which no file of settings can carry
 */
export function settingsText(settings: StudySettings): string {
  for (const { title, source, adapters } of settings.models) {
    const sources = [source, ...adapters.map((adapter) => adapter.source)]
    if (!sources.some(({ kind }) => kind === 'files' || kind === 'zip')) continue
    throw new LabError(
      'format',
      `${title} uses files that were picked here: put them on a hub or a server to share them`
    )
  }
  return `${JSON.stringify(settings, null, 2)}\n`
}
