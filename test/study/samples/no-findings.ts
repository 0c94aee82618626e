import type { Findings } from '../../../src/study/findings'

/** Findings that say nothing, for what only carries them. */
export const noFindings: Findings = {
  headline: '',
  within: [],
  withinAt: [],
  seeds: [],
  variance: [],
  bounds: [],
  cross: [],
  tiers: [],
  topology: [],
  claims: [],
  leaveOneOut: [],
  questions: []
}
