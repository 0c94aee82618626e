/** Rung 0: whether the other questions can be answered at all, and what would make them so. */
import { mean } from '../../../math/statistics'
import { barOf } from './bars'
import type { Check, ControlFinding, Rung } from '../../findings'
import type { Arm } from '../../run'
import { comparableRoom, controlsAmong, rung, type Evidence } from './evidence'
import { crossFamilies, directionFamilies } from '../measure/families'
import { count, list, percent, percentWithin, points } from '../words'

interface Asked extends Check {
  /** What to do where it does not hold. */
  readonly remedy: string
}

/** Spillover, room above the controls, bars below the baseline, the hook gate, every control, enough prompts. */
export function decidableRung(evidence: Evidence): Rung {
  const asked = [
    baselineCheck(evidence),
    roomCheck(evidence),
    barsCheck(evidence),
    hookCheck(evidence),
    controlsCheck(evidence),
    promptsCheck(evidence)
  ]
  const failed = asked.filter(({ holds }) => !holds)
  const checks = asked.map(({ remedy: _remedy, ...check }) => check)
  const remedies = [...new Set(failed.map(({ remedy }) => remedy))]
  return failed.length === 0
    ? rung('decidable', 'yes', 'decidable', checks)
    : rung('decidable', 'no', 'undecidable', checks, list(remedies))
}

/** What a direction is set against to be called specific, of those that were measured. */
function compared(evidence: Evidence): readonly ControlFinding[] {
  const families = evidence.scope === 'pair' ? crossFamilies : directionFamilies
  return controlsAmong(evidence, families).filter(({ decides }) => decides)
}

function baselineCheck({ none, thresholds: { leastSpillover } }: Evidence): Asked {
  return {
    name: 'Unsteered spillover',
    holds: none.code.estimate >= leastSpillover,
    detail: `Unsteered spillover ${percentWithin(none.code)}; at least ${percent(leastSpillover)} is needed.`,
    remedy: 'a model that spills more'
  }
}

/** With no code left at all, the direction would lead each family by so much. */
function roomCheck(evidence: Evidence): Asked {
  const { none, thresholds } = evidence
  const least = thresholds.margin + comparableRoom
  const rooms = compared(evidence).map(({ family, code }) => ({
    family,
    room: 100 * none.code.estimate - mean(code.members)
  }))
  const tight = rooms.toSorted((a, b) => a.room - b.room)[0]
  return {
    name: 'Room above the controls',
    holds: tight !== undefined && tight.room >= least,
    detail: tight
      ? `With no code left the direction would lead ${tight.family} by ${points(tight.room)} points; ${points(least)} are needed.`
      : 'No control was measured.',
    remedy: 'a lower alpha, at which controls leave code to take away'
  }
}

function barsCheck(evidence: Evidence): Asked {
  const { none, thresholds } = evidence
  const bars = compared(evidence).map(({ family, code }) => ({ family, bar: barOf(code, thresholds.margin) }))
  const highest = bars.toSorted((a, b) => b.bar - a.bar)[0]
  const baseline = 100 * none.code.estimate
  return {
    name: 'Bars below the baseline',
    holds: highest !== undefined && highest.bar < baseline,
    detail: highest
      ? `To be told from ${highest.family} takes ${points(highest.bar)} points; there are ${points(baseline)} to take away.`
      : 'No control was measured.',
    remedy: 'a lower alpha, at which controls leave code to take away'
  }
}

function hookCheck({ arms, thresholds: { hook: most } }: Evidence): Asked {
  const errors = arms.filter(({ layers }) => layers.length > 0).map((arm) => ({ id: arm.id, error: hookError(arm) }))
  const worst = errors.reduce((a, b) => (b.error > a.error ? b : a), { id: 'none', error: 0 })
  const unmeasured = errors.filter(({ error }) => error === Infinity).length
  const detail =
    unmeasured > 0
      ? `${unmeasured} of ${count(errors.length, 'steered arm')} have no measured change, or none that was to be.`
      : `The change differs from the one asked for by at most ${percent(worst.error)} (${worst.id}) over ` +
        `${count(errors.length, 'steered arm')}; ${percent(most)} is allowed.`
  const holds = errors.length > 0 && worst.error <= most
  return { name: 'Hook gate', holds, detail, remedy: 'arms that write what they are asked to write' }
}

/** Relative error of |dh|; infinite where it was not measured. */
function hookError({ hook }: Arm): number {
  if (!hook || !(hook.expected > 0)) return Infinity
  const error = Math.abs(hook.measured - hook.expected) / hook.expected
  return Number.isNaN(error) ? Infinity : error
}

function controlsCheck({ controls, required }: Evidence): Asked {
  const found = new Map(controls.map((control) => [control.family, control]))
  const missing = required.filter(({ family, members }) => (found.get(family)?.measured ?? 0) < members)
  const overlapping = required.filter(({ family }) => found.get(family)?.decides === false)
  const have = controls.map(({ family, measured }) => `${measured} ${family}`)
  const lacks = [
    ...missing.map(({ family, members }) => `${family} (${found.get(family)?.measured ?? 0} of ${members})`),
    ...overlapping.map(({ family }) => `${family} (all overlap with the direction)`)
  ]
  return {
    name: 'Controls',
    holds: lacks.length === 0,
    detail: lacks.length === 0 ? `Measured at the same length: ${list(have)}.` : `Missing: ${list(lacks)}.`,
    remedy: `controls at this alpha: ${list([...missing, ...overlapping].map(({ family }) => family))}`
  }
}

function promptsCheck({ perClass, effect, thresholds: { leastPrompts } }: Evidence): Asked {
  const few = perClass.filter(({ value }) => !(value >= leastPrompts))
  const sides = perClass.map(({ of, value }) => `${value} on the smaller side of the contrast (${of})`)
  return {
    name: 'Prompts',
    holds: effect.prompts >= leastPrompts && perClass.length > 0 && few.length === 0,
    detail: `${effect.prompts} prompts on eval, ${perClass.length === 0 ? 'and no separation was recorded' : list(sides)}; ${leastPrompts} of each are needed.`,
    remedy: 'more prompts'
  }
}
