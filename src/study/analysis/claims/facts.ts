/** What claims and questions are written from. */
import type { CrossFinding, SeedsFinding, TierFinding, TopologyFinding, WithinAt, WithinFinding } from '../../findings'
import type { Run } from '../../run'

/** A run, and what was found in it so far. */
export interface Facts {
  readonly run: Run
  readonly within: readonly WithinFinding[]
  readonly withinAt: readonly WithinAt[]
  readonly seeds: readonly SeedsFinding[]
  readonly cross: readonly CrossFinding[]
  readonly tiers: readonly TierFinding[]
  readonly topology: readonly TopologyFinding[]
}

/** The leading adapter of a model, by its finding; its first insecure one where nothing was found. */
export function primaryAmong(run: Run, within: readonly WithinFinding[], model: string): string {
  const finding = within.find((one) => one.model === model && one.isPrimary)
  const adapters = run.models.find(({ key }) => key === model)?.adapters ?? []
  return finding?.adapter ?? adapters.find(({ kind }) => kind === 'insecure')?.name ?? ''
}

/** What was found in the condition that the conclusion is first read from. */
export function inPrimary<Found extends { readonly anchors: string; readonly alpha: number }>(
  { run }: Facts,
  findings: readonly Found[]
): readonly Found[] {
  const { anchors, alpha } = run.settings.primary
  return findings.filter((one) => one.anchors === anchors && one.alpha === alpha)
}

/** "over neutral anchors at 3 gaps" */
export function conditionText({ anchors, alpha }: { readonly anchors: string; readonly alpha: number }): string {
  return `over ${anchors} anchors at ${alpha} ${alpha === 1 ? 'gap' : 'gaps'}`
}
