/** What a run says: everything here follows from a `Run` by arithmetic, and is computed again wherever a run is opened. */
import type { Estimate } from '../math/bootstrap'
import type { AdditiveFit } from '../math/transfer-table'
import type { Arm, Family } from './run'
import type { Anchors } from './settings'

/**
 * One arm on one set, beside `none` of the same block. Rates from 0 to 1 with Wilson intervals for clustered answers; `delta`
 * and `cleanGain` in points, `delta` with the interval of the cluster bootstrap.
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
  readonly cleanGain: number
}

/** One family of controls at the norm of the arm under test. */
export interface ControlFinding {
  readonly family: Family
  /** Each member's delta, in points. */
  readonly deltas: readonly number[]
  /** The arms, as in the block. */
  readonly members: readonly ArmResult[]
  /** S_F = delta(u) - mean delta(F), in points. */
  readonly advantage: Estimate
  /** (1 + number of members that reach delta(u)) / (1 + number of members) */
  readonly rankP: number
}

export type VerdictKind = 'invalid' | 'no effect' | 'specific' | 'non-specific' | 'unresolved'

/** One condition of a verdict. */
export interface Check {
  readonly name: string
  readonly holds: boolean
  /** One sentence with the numbers. */
  readonly detail: string
  /** Which kinds of verdict this one decides between. */
  readonly decides: 'validity' | 'effect' | 'specificity' | 'content'
}

export interface Verdict {
  readonly kind: VerdictKind
  /** In words for a reader: "causal and direction-specific". */
  readonly title: string
  /** Every condition that was asked, whether it held, and the numbers: what the verdict rests on. */
  readonly checks: readonly Check[]
  /** "code in general, not spillover", "content-specific", "not content-specific", "content not testable: no secure adapter spills" */
  readonly tags: readonly string[]
}

/** A direction's effect within its own model, under one insecure adapter. */
export interface WithinFinding {
  readonly model: string
  readonly adapter: string
  /** The first admitted seed: the one with all controls. */
  readonly isPrimary: boolean
  readonly admission: {
    readonly admitted: boolean
    readonly insecure: Estimate
    readonly base: Estimate
    readonly reason: string
  }
  readonly alpha: number
  readonly none: ArmResult
  /** `own` at each alpha, ascending. */
  readonly dose: readonly ArmResult[]
  /** `own` at the chosen alpha: one of `dose`. */
  readonly effect: ArmResult
  /** Spearman of alpha and delta over the dose arms and none. */
  readonly monotony: number
  /** One-sided bootstrap p that delta is not above 0, and Holm's over the primary adapters; another seed stands for itself. */
  readonly p: number
  readonly pHolm: number
  readonly controls: readonly ControlFinding[]
  /** raw, ablate, norm-keeping, middle, all-layers: where measured. */
  readonly modes: readonly ArmResult[]
  /** On `code`: unsteered and at the chosen alpha. */
  readonly requests: { readonly none: ArmResult; readonly steered: ArmResult } | null
  /** The primary direction under each secure adapter: what it does where nothing insecure is. */
  readonly onSecure: readonly { readonly adapter: string; readonly none: ArmResult; readonly steered: ArmResult }[]
  readonly verdict: Verdict
}

/** A donor's direction in a receiver, over one set of anchors, at one alpha. */
export interface CrossFinding {
  readonly donor: string
  readonly receiver: string
  readonly anchors: Anchors
  readonly alpha: number
  readonly none: ArmResult
  readonly dose: readonly ArmResult[]
  readonly effect: ArmResult
  /** delta as a share of the receiver's unsteered spillover. */
  readonly fraction: number
  readonly monotony: number
  readonly p: number
  readonly pHolm: number
  readonly controls: readonly ControlFinding[]
  readonly verdict: Verdict
}

/** The two-tier conclusion under one condition. */
export interface TierFinding {
  readonly anchors: Anchors
  readonly alpha: number
  readonly isPrimary: boolean
  readonly withinSpecific: number
  readonly within: number
  readonly crossNonSpecific: number
  readonly crossSpecific: number
  readonly cross: number
  readonly holds: boolean
  /** One or two sentences: what was found. */
  readonly text: string
}

/** Who gives and who takes, under one condition. Tables are `[from][to]` in the order of `models`, NaN on the diagonal. */
export interface TopologyFinding {
  readonly anchors: Anchors
  readonly alpha: number
  readonly models: readonly string[]
  /** T: delta of the carried direction, in points. */
  readonly transfer: readonly number[]
  /** E = T - mean delta of mapped random directions. */
  readonly excess: readonly number[]
  /** T as a share of the receiver's unsteered spillover. */
  readonly fraction: readonly number[]
  readonly additive: AdditiveFit | null
  readonly scores: readonly {
    readonly model: string
    readonly onTransfer: Estimate
    readonly onExcess: Estimate
    readonly role: 'donor' | 'receiver' | 'neither'
  }[]
  /** Whether every donor and receiver on T is one on E, too. False: "sensitivity, not geometry". True where T has neither. */
  readonly signsPersist: boolean
  readonly text: string
}

/** A claim of the source beside what this run found. */
export interface Claim {
  readonly id: 'separation' | 'secure-control' | 'within' | 'transfer' | 'controls' | 'two-tier' | 'topology'
  readonly title: string
  /** What the source says, in our words with its numbers. */
  readonly source: string
  readonly found: string
  /** When it counts as confirmed, and when in part. */
  readonly rule: string
  readonly verdict: 'confirmed' | 'in part' | 'not confirmed' | 'not tested'
}

/** What one prompt does to the result. */
export interface LeaveOneOut {
  readonly model: string
  readonly adapter: string
  /** `[prompt]`: delta of the chosen arm on this prompt alone, and of all others together, in points. */
  readonly alone: readonly number[]
  readonly without: readonly number[]
}

export interface Findings {
  readonly within: readonly WithinFinding[]
  readonly cross: readonly CrossFinding[]
  readonly tiers: readonly TierFinding[]
  readonly topology: readonly TopologyFinding[]
  readonly claims: readonly Claim[]
  readonly leaveOneOut: readonly LeaveOneOut[]
  /** Open questions of the protocol that this run leaves, and what it says of them. */
  readonly questions: readonly { readonly title: string; readonly text: string }[]
}
