/** Names within a study, each given once. */
import type { StudyAdapter, StudyModel } from '../../study/settings'

/** A key for one more model, made of its title. */
export function freeKey(title: string, models: readonly StudyModel[]): string {
  const base = title.toLowerCase().replace(/[^a-z0-9.]+/g, '-')
  const taken = new Set(models.map(({ key }) => key))
  const more = models.map((_, i) => `${base}-${i + 2}`)
  return [base, ...more].find((key) => !taken.has(key)) ?? base
}

/** A name for one more adapter: `insecure-0`, `insecure-1` ... */
export function freeName(kind: StudyAdapter['kind'], adapters: readonly StudyAdapter[]): string {
  const taken = new Set(adapters.map(({ name }) => name))
  const names = [...adapters, null].map((_, i) => `${kind}-${i}`)
  return names.find((name) => !taken.has(name)) ?? kind
}
