/** Settings as this machine may keep them: with files and folders, without tokens and signed addresses. */
import type { AdapterSource, ModelSource } from '../lab/api'
import { withoutSecrets } from '../lab/privacy/secrets'
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

/** Everything that models and their adapters are read from. */
export function sourcesOf(models: readonly StudyModel[]): readonly (ModelSource | AdapterSource)[] {
  return models.flatMap(({ source, adapters }) => [source, ...adapters.map((adapter) => adapter.source)])
}
