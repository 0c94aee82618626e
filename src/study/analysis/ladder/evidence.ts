/** What a ladder is climbed with. */
import type { Estimate } from '../../../math/bootstrap'
import { spearman } from '../../../math/statistics'
import type { Requirement } from '../measure/families'
import type { ArmResult, Check, ControlFinding, Rung } from '../../findings'
import type { Arm, Family } from '../../run'
import type { Thresholds } from '../../settings'

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
  /** A leading adapter's own direction, another seed's, or a carried one. */
  readonly scope: 'within' | 'seed' | 'pair'
  /** Unsteered, on `eval`. */
  readonly none: ArmResult
  readonly effect: ArmResult
  readonly pHolm: number
  readonly controls: readonly ControlFinding[]
  readonly required: readonly Requirement[]
  /** Every arm that this rests on. */
  readonly arms: readonly Arm[]
  /** Prompts on the smaller side of each contrast that was used. */
  readonly perClass: readonly Named<number>[]
  /** What a direction is about, as far as it was asked: null for a carried one. */
  readonly content: ContentEvidence | null
}

/** The direction of an adapter that is not insecure, beside the insecure one. */
export interface SourceEvidence {
  readonly adapter: string
  /** Between this adapter and its base at the layer where they lie furthest apart; exactly 0 where it was never applied. */
  readonly gap: number
  /** delta of the insecure direction less that of this adapter's own, both under the insecure adapter; null where not measured. */
  readonly advantage: Estimate | null
  /** Of the two directions. */
  readonly cosine: number | null
  /** The insecure direction under this adapter; null where not measured. */
  readonly under: { readonly none: ArmResult; readonly steered: ArmResult } | null
}

/** What tells a direction of spillover from one of code, and of insecure code from any. */
export interface ContentEvidence {
  readonly requests: { readonly none: ArmResult; readonly steered: ArmResult } | null
  readonly sources: readonly SourceEvidence[]
}

/** How the first two questions were answered: the others ask no more where there is no effect, or nothing can be decided. */
export interface Standing {
  readonly decidable: boolean
  readonly causal: boolean
}

/** A rung from its checks. */
export function rung(
  name: Rung['name'],
  found: Rung['found'],
  word: string,
  checks: readonly Check[],
  remedy: string | null = null
): Rung {
  return { name, found, word, checks, remedy }
}

/** The families of a list that were measured, in its order. */
export function controlsAmong({ controls }: Evidence, families: readonly Family[]): readonly ControlFinding[] {
  return families.flatMap((family) => controls.find((control) => control.family === family) ?? [])
}

/** Spearman of alpha and delta, with the unsteered point (0, 0) put in. */
export function monotonyOf(dose: readonly ArmResult[]): number {
  return spearman([0, ...dose.map(({ arm }) => arm.alpha)], [0, ...dose.map(({ delta }) => delta.estimate)])
}

/** The arms that a ladder rests on. */
export function armsIn(results: readonly ArmResult[], controls: readonly ControlFinding[]): readonly Arm[] {
  return [...results, ...controls.flatMap(({ members }) => members)].map(({ arm }) => arm)
}
