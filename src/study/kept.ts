/** Settings as this machine may keep them: with files and folders, without tokens and signed addresses. */
import { foreignHost } from '../lab/hosts'
import { withoutSecrets } from '../lab/secrets'
import type { StudyModel, StudySettings } from './settings'

/** The settings without what only their owner should know; a study goes on with them from what is stored of its models. */
export function keptSettings(settings: StudySettings): StudySettings {
  const models = settings.models.map((model) => ({
    ...model,
    source: withoutSecrets(model.source),
    adapters: model.adapters.map((adapter) => ({ ...adapter, source: withoutSecrets(adapter.source) }))
  }))
  return { ...settings, models }
}

/** The hosts that models and adapters are read from, each once, but for the page's own and the public hub. */
export function foreignHosts(models: readonly StudyModel[]): readonly string[] {
  const sources = models.flatMap(({ source, adapters }) => [source, ...adapters.map((adapter) => adapter.source)])
  return [...new Set(sources.flatMap((source) => foreignHost(source) ?? []))]
}
