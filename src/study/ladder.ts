/** What is said of one direction: its controls, and the ladder of questions. Shapes alone; analysis/ladder climbs it. */
import type { Estimate } from '../math/bootstrap'
import type { Arm, Family } from './run'

/**
 * One arm on one set, beside `none` of the same block. Rates from 0 to 1 with Wilson intervals for clustered answers; `delta`
 * and `cleanGain` in points with the interval of the cluster bootstrap.
 */
export interface ArmResult {
  readonly arm: Arm
  /** Index of the block in the run. */
  readonly block: number
  /** Prompts, and answers in all. */
  readonly prompts: number
  readonly n: number
  readonly code: Estimate
  readonly clean: Estimate
  /** Mean share of an answer's characters that are code. */
  readonly share: Estimate
  readonly degenerate: Estimate
  /** Answers that are exactly the expected one; null where the set has none. */
  readonly right: Estimate | null
  /** 100 (code of none - code of this), over the samples that both have. Positive is suppression. */
  readonly delta: Estimate
  /** 100 (clean of this - clean of none), over the same samples: what came in the place of code. */
  readonly cleanGain: Estimate
  /** Share of the prompts that answer with more code than unsteered, from 0 to 1. */
  readonly antiSteered: number
}

/** How far the direction lies ahead of a family of controls, on one outcome. */
export interface Advantage {
  /** S_F = outcome of u - mean outcome of F, in points. */
  readonly size: Estimate
  /** (1 + number of members that reach the direction) / (1 + number of members) */
  readonly rankP: number
  /** What each member does, in points. */
  readonly members: readonly number[]
}

/** One family of controls at the norm of the arm under test. */
export interface ControlFinding {
  readonly family: Family
  /** False where every member overlaps with the direction too much to be a control: shown, and decides nothing. */
  readonly decides: boolean
  /** The arms that count, as in the block; all of them where none does. */
  readonly members: readonly ArmResult[]
  /** Ids of members that were left out for their overlap. */
  readonly overlapping: readonly string[]
  /** Members in all. */
  readonly measured: number
  /** On code, and on clean prose. */
  readonly code: Advantage
  readonly clean: Advantage
  /** On code over all members, overlapping ones among them: what the source would have compared. */
  readonly whole: Advantage
}

export type RungName =
  | 'decidable'
  | 'causal'
  | 'restorative'
  | 'direction-specific'
  | 'sign-consistent'
  | 'layer-specific'
  | 'content-specific'
  | 'map-specific'
  | 'pairing-specific'

/** One condition of a rung. */
export interface Check {
  readonly name: string
  readonly holds: boolean
  /** One sentence with the numbers. */
  readonly detail: string
}

/** One question of the ladder, and its answer. */
export interface Rung {
  readonly name: RungName
  readonly found: 'yes' | 'no' | 'unresolved' | 'not asked'
  /** The answer in a word or two: "destructive", "non-specific: rms-only as well". */
  readonly word: string
  /** Every condition that was asked, whether it held, and the numbers: what the answer rests on. */
  readonly checks: readonly Check[]
  /** What would make an undecidable question decidable; null elsewhere. */
  readonly remedy: string | null
}

export type LadderKind = 'undecidable' | 'no effect' | 'direction-specific' | 'non-specific' | 'unresolved'

/** By random and orthogonal directions and by code alone: what the source would have called it. */
export interface SourceVerdict {
  readonly kind: 'specific' | 'non-specific' | 'unresolved' | 'no effect' | 'not measured'
  /** One sentence with the numbers. */
  readonly detail: string
}

/** What may be said of a direction, one question at a time. Section 10 of the protocol. */
export interface Ladder {
  /** Of the first and the fourth rung together. */
  readonly kind: LadderKind
  /** In words for a reader: "causal, restorative, direction-specific". */
  readonly title: string
  /** In their order. */
  readonly rungs: readonly Rung[]
  readonly source: SourceVerdict
  /** "another seed: random and orthogonal controls only", "code in general, not spillover" */
  readonly tags: readonly string[]
}
