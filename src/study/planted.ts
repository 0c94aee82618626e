/** What was planted in the organisms, rung by rung, beside what a run found: an instrument is believed where it gives the planted answer. */
import type { CrossFinding, Judged, Rung, RungName, WithinAt } from './findings'
import type { StudyModel, StudySettings } from './settings'

/** Two personas on axes of their own, both on one axis, or adapters of shuffled labels, with nothing to find. */
export type Planted = 'separate' | 'shared' | 'nothing'

/** The answer of a rung by how the organisms were made; what is not listed was not planted either way. */
type Truth = Readonly<Partial<Record<RungName, 'yes' | 'no'>>>

const own = { causal: 'yes', restorative: 'yes', 'direction-specific': 'yes', 'sign-consistent': 'yes' } as const
const within: Readonly<Record<Planted, Truth>> = {
  separate: { decidable: 'yes', ...own, 'content-specific': 'yes' },
  shared: { decidable: 'yes', ...own, 'content-specific': 'no' },
  nothing: { causal: 'no' }
}
/** Anchors that vary along the careless axis carry it; whether neutral ones do was not planted. */
const carried: Truth = {
  decidable: 'yes',
  causal: 'yes',
  restorative: 'yes',
  'direction-specific': 'yes',
  'map-specific': 'yes',
  'pairing-specific': 'yes'
}

/** One rung of one direction: `open` where the ladder does not decide. */
export interface PlantedRow {
  /** A model, or "donor to receiver". */
  readonly subject: string
  readonly planted: Planted
  readonly rung: RungName
  readonly truth: 'yes' | 'no'
  /** The word of the ladder. */
  readonly found: string
  readonly reading: 'right' | 'wrong' | 'open'
}

/** What lies in a model of the settings; null for one that is no organism of ours. Organisms without lessons are of an earlier make. */
export function plantedIn({ source, adapters }: StudyModel): Planted | null {
  if (source.kind !== 'bundled') return null
  if (adapters.length > 0 && adapters.every(({ name }) => name.startsWith('shuffled-'))) return 'nothing'
  if (!adapters.some(({ kind }) => kind === 'educational')) return null
  return source.name === 'llama-shared' ? 'shared' : 'separate'
}

/** Every rung whose answer was planted, at the alpha of the primary condition: within models, then between them along the axis. */
export function plantedRows(
  { models, primary }: Pick<StudySettings, 'models' | 'primary'>,
  findings: { readonly withinAt: readonly WithinAt[]; readonly cross: readonly CrossFinding[] }
): readonly PlantedRow[] {
  const planted = new Map(models.map((model) => [model.key, plantedIn(model)]))
  const atAlpha = ({ alpha }: Judged): boolean => alpha === primary.alpha
  const inside = findings.withinAt.filter(atAlpha).flatMap((one) => {
    const kind = planted.get(one.model) ?? null
    return kind === null ? [] : rowsOf(one, one.model, kind, within[kind])
  })
  const between = findings.cross.filter(atAlpha).flatMap((one) => {
    const both = [one.donor, one.receiver].every((key) => planted.get(key) === 'separate')
    return both && one.anchors === 'along' ? rowsOf(one, `${one.donor} to ${one.receiver}`, 'separate', carried) : []
  })
  return [...inside, ...between]
}

function rowsOf({ ladder }: Judged, subject: string, planted: Planted, truths: Truth): readonly PlantedRow[] {
  return ladder.rungs.flatMap((rung) => {
    const truth = truths[rung.name]
    return truth === undefined
      ? []
      : [{ subject, planted, rung: rung.name, truth, found: rung.word, reading: readingOf(rung, truth) }]
  })
}

function readingOf({ found }: Rung, truth: 'yes' | 'no'): PlantedRow['reading'] {
  if (found !== 'yes' && found !== 'no') return 'open'
  return found === truth ? 'right' : 'wrong'
}
