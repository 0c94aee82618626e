/** What a verdict is made of. */
import type { Estimate } from '../../math/bootstrap'
import { spearman } from '../../math/statistics'
import type { Requirement } from './families'
import type { ArmResult, ControlFinding } from '../findings'
import type { Arm } from '../run'
import type { Thresholds } from '../settings'

/** A number, and what it is of: a model's adapter. */
export interface Named<Value> {
  readonly of: string
  readonly value: Value
}

/** A control is shown comparable where less than m0 and these points can lie between it and the direction. */
export const comparableRoom = 5

/** All that section 10 of the protocol asks about one direction in one model. */
export interface Evidence {
  readonly thresholds: Thresholds
  /** Unsteered, on `eval`. */
  readonly none: ArmResult
  readonly effect: ArmResult
  readonly pHolm: number
  /** Spearman of alpha and delta. */
  readonly monotony: number
  readonly controls: readonly ControlFinding[]
  readonly required: readonly Requirement[]
  /** Every arm that this verdict rests on. */
  readonly arms: readonly Arm[]
  /** Prompts on the smaller side of each contrast that was used. */
  readonly perClass: readonly Named<number>[]
  /** The largest gap over the layers between each secure adapter and its base; empty where none was measured. */
  readonly secureGaps: readonly Named<number>[]
  /** What a direction is about, as far as it was asked: null for a carried one. */
  readonly content: ContentEvidence | null
}

/** The families that decide whether it is the direction; `wrong-source` tells directions of code apart. */
export function directionControls(controls: readonly ControlFinding[]): readonly ControlFinding[] {
  return controls.filter(({ family }) => family !== 'wrong-source')
}

/** A secure adapter that spills. */
export interface SpillingAdapter {
  readonly adapter: string
  readonly none: ArmResult
  /** The insecure direction under this adapter. */
  readonly steered: ArmResult
  /** delta of the insecure direction less that of this adapter's own, both under the insecure adapter; null where not measured. */
  readonly advantage: Estimate | null
}

/** What tells a direction of spillover from one of code, and of insecure code from any. */
export interface ContentEvidence {
  /** False for a seed that was measured beside random and orthogonal directions only. */
  readonly asked: boolean
  readonly requests: { readonly none: ArmResult; readonly steered: ArmResult } | null
  readonly spilling: readonly SpillingAdapter[]
}

/** Spearman of alpha and delta, the unsteered arm among them. */
export function monotonyOf(dose: readonly ArmResult[]): number {
  return spearman([0, ...dose.map(({ arm }) => arm.alpha)], [0, ...dose.map(({ delta }) => delta.estimate)])
}

/** The arms that a verdict rests on. */
export function armsIn(results: readonly ArmResult[], controls: readonly ControlFinding[]): readonly Arm[] {
  return [...results, ...controls.flatMap(({ members }) => members)].map(({ arm }) => arm)
}
