/** What a run says: everything here follows from a `Run` by arithmetic, and is computed again wherever a run is opened. */
import type { Estimate } from '../math/bootstrap'
import type { ArmResult, ControlFinding, Ladder } from './ladder'
import type { PooledMean } from '../math/random-effects'
import type { AdditiveFit } from '../math/transfer-table'
import type { Family } from './run'
import type { Anchors } from './settings'

export type {
  Advantage,
  ArmResult,
  Check,
  ControlFinding,
  Ladder,
  LadderKind,
  Rung,
  RungName,
  SourceVerdict
} from './ladder'

/** A direction at one alpha in one place, with its controls. */
export interface Judged {
  readonly alpha: number
  readonly none: ArmResult
  readonly effect: ArmResult
  /** One-sided bootstrap p that delta is not above 0, and Holm's over the tests of one kind. */
  readonly p: number
  readonly pHolm: number
  readonly controls: readonly ControlFinding[]
  readonly ladder: Ladder
}

/** A direction's effect within its own model, under one insecure adapter. */
export interface WithinFinding extends Judged {
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
  /** False where no alpha takes code away and leaves prose; `alpha` is then that of the primary condition. */
  readonly admissible: boolean
  /** `own` at each alpha, ascending. */
  readonly dose: readonly ArmResult[]
  /** Spearman of alpha and delta over the dose arms and a point (0, 0) that was put in. */
  readonly monotony: number
  /** raw, ablate, norm-keeping, middle, all-layers: where measured. */
  readonly modes: readonly ArmResult[]
  /** Asked in words, with no direction; null where it was not measured. */
  readonly prompted: ArmResult | null
  readonly normKeeping: readonly NormKeeping[]
  /** Probability that the first token begins code, unsteered (alpha 0) and at each alpha of the direction. */
  readonly firstTokens: readonly { readonly alpha: number; readonly mass: Estimate; readonly drop: Estimate }[]
  /** On `code`: unsteered and at the alpha. */
  readonly requests: { readonly none: ArmResult; readonly steered: ArmResult } | null
  /** The primary direction under each adapter that is not insecure: what it does where nothing insecure is. */
  readonly onSecure: readonly { readonly adapter: string; readonly none: ArmResult; readonly steered: ArmResult }[]
}

/** What is left of an effect when only the angle of the hidden state changes and its length is kept. */
export interface NormKeeping {
  readonly layer: number
  readonly kept: ArmResult
  /** The same direction at the same layer without keeping lengths; null where it was not measured. */
  readonly whole: ArmResult | null
  readonly found: 'angle' | 'length' | 'unresolved'
  /** One sentence with the numbers. */
  readonly text: string
}

/** A leading adapter's direction at one of the alphas at which carried directions are judged. */
export interface WithinAt extends Judged {
  readonly model: string
  readonly adapter: string
}

/** All seeds of a model together. In points; NaN intervals for one seed. */
export interface SeedsFinding {
  readonly model: string
  readonly adapters: readonly string[]
  readonly delta: PooledMean
  readonly cleanGain: PooledMean
}

/** What the prompt-only interval of S leaves out: standard errors in points, each with what came before. */
export interface VarianceFinding {
  readonly model: string
  readonly adapter: string
  readonly family: Family
  readonly size: number
  readonly prompts: number
  readonly withDirections: number
  /** NaN for fewer than two seeds. */
  readonly withSeeds: number
}

/** Whether the bound of clean prose flags what it should not. Shares from 0 to 1. */
export interface BoundFinding {
  readonly model: string
  readonly set: 'calibrate' | 'tune'
  /** Answers that the bound was taken from. */
  readonly n: number
  /** In nats a token. */
  readonly bound: number
  /** Of the base's own answers to `eval`, and of those of them that are right; NaN where there are none. */
  readonly flagged: number
  readonly flaggedRight: number
  readonly holds: boolean
}

/** A donor's direction in a receiver, over one set of anchors, at one alpha. */
export interface CrossFinding extends Judged {
  readonly donor: string
  readonly receiver: string
  readonly anchors: Anchors
  readonly dose: readonly ArmResult[]
  /** The receiver's own direction at each of the same alphas, where it was measured: the line to read against. */
  readonly own: readonly ArmResult[]
  /** delta as a share of the receiver's unsteered spillover. */
  readonly fraction: number
  readonly monotony: number
}

/** How many directions of each tier are what the conclusion says. */
export interface TierCount {
  readonly withinSpecific: number
  readonly within: number
  readonly crossNonSpecific: number
  readonly crossSpecific: number
  readonly cross: number
  readonly holds: boolean
  /** "3 of 4 specific, 1 unresolved", within and between. */
  readonly withinText: string
  readonly crossText: string
}

/** The two-tier conclusion under one condition, stated twice. */
export interface TierFinding {
  readonly anchors: Anchors
  readonly alpha: number
  readonly isPrimary: boolean
  /** By random and orthogonal directions and by code alone, each model at its own alpha. */
  readonly source: TierCount
  /** By the ladder, both tiers at this alpha. */
  readonly ladder: TierCount
  /** Why the two differ, in one sentence; null where they agree. */
  readonly why: string | null
  readonly text: string
}

/**
 * Who gives and who takes, under one condition. Tables are `[from][to]` in the order of `models`, NaN on the diagonal; shares are
 * of the receiver's unsteered spillover, so that a receiver with more to lose is not one that takes more.
 */
export interface TopologyFinding {
  readonly anchors: Anchors
  readonly alpha: number
  readonly models: readonly string[]
  /** T: delta of the carried direction, in points. */
  readonly transfer: readonly number[]
  /** E = T - mean delta of mapped random directions. */
  readonly excess: readonly number[]
  /** T and E as shares of the receiver's unsteered spillover: what scores and roles are read from. */
  readonly fraction: readonly number[]
  readonly excessFraction: readonly number[]
  /** Of `fraction`. */
  readonly additive: AdditiveFit | null
  readonly scores: readonly {
    readonly model: string
    readonly onTransfer: Estimate
    readonly onExcess: Estimate
    /** The same as `onTransfer` in points: it follows each receiver's baseline. */
    readonly onPoints: Estimate
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
  /** This run's number with its interval and alpha, clean prose beside it: what a table shows. */
  readonly number: string
  readonly alpha: string
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
  /** First of all, in one sentence. */
  readonly headline: string
  readonly within: readonly WithinFinding[]
  readonly withinAt: readonly WithinAt[]
  readonly seeds: readonly SeedsFinding[]
  readonly variance: readonly VarianceFinding[]
  readonly bounds: readonly BoundFinding[]
  readonly cross: readonly CrossFinding[]
  readonly tiers: readonly TierFinding[]
  readonly topology: readonly TopologyFinding[]
  readonly claims: readonly Claim[]
  readonly leaveOneOut: readonly LeaveOneOut[]
  /** Open questions of the protocol that this run leaves, and what it says of them. */
  readonly questions: readonly { readonly title: string; readonly text: string }[]
}
