/** Whether a verdict may be given at all. */
import type { Check } from '../findings'
import type { Arm } from '../run'
import type { Evidence } from './evidence'
import { count, list, percent, percentWithin } from './words'

/** Hook gate, controls, prompts on each side, the secure branch, spillover to begin with. */
export function validityChecks(evidence: Evidence): readonly Check[] {
  return [
    hookCheck(evidence),
    controlsCheck(evidence),
    sidesCheck(evidence),
    secureCheck(evidence),
    baselineCheck(evidence)
  ].map((check) => ({ ...check, decides: 'validity' }))
}

type Asked = Omit<Check, 'decides'>

function hookCheck({ arms, thresholds: { hook: most } }: Evidence): Asked {
  const errors = arms.filter(({ layers }) => layers.length > 0).map((arm) => ({ id: arm.id, error: hookError(arm) }))
  const worst = errors.reduce((a, b) => (b.error > a.error ? b : a), { id: 'none', error: 0 })
  const unmeasured = errors.filter(({ error }) => error === Infinity).length
  const detail =
    unmeasured > 0
      ? `${unmeasured} of ${count(errors.length, 'steered arm')} have no measured change, or none that was to be.`
      : `The change differs from the one asked for by at most ${percent(worst.error)} (${worst.id}) over ` +
        `${count(errors.length, 'steered arm')}; ${percent(most)} is allowed.`
  return { name: 'Hook gate', holds: errors.length > 0 && worst.error <= most, detail }
}

/** Relative error of |dh|; infinite where it was not measured. */
function hookError({ hook }: Arm): number {
  if (!hook || !(hook.expected > 0)) return Infinity
  const error = Math.abs(hook.measured - hook.expected) / hook.expected
  return Number.isNaN(error) ? Infinity : error
}

function controlsCheck({ controls, required }: Evidence): Asked {
  const found = new Map(controls.map(({ family, members }) => [family, members.length]))
  const missing = required.filter(({ family, members }) => (found.get(family) ?? 0) < members)
  const have = controls.map(({ family, members }) => `${members.length} ${family}`)
  return {
    name: 'Controls',
    holds: missing.length === 0,
    detail:
      missing.length === 0
        ? `Measured at the same length: ${list(have)}.`
        : `Missing: ${list(missing.map(({ family, members }) => `${family} (${found.get(family) ?? 0} of ${members})`))}.`
  }
}

function sidesCheck({ perClass, thresholds: { leastPrompts } }: Evidence): Asked {
  const few = perClass.filter(({ value }) => !(value >= leastPrompts))
  return {
    name: 'Prompts on each side',
    holds: perClass.length > 0 && few.length === 0,
    detail:
      perClass.length === 0
        ? 'No separation was recorded, so the prompts on each side are not known.'
        : `Prompts on the smaller side: ${list(perClass.map(({ of, value }) => `${value} (${of})`))}; ${leastPrompts} are needed.`
  }
}

function secureCheck({ secureGaps }: Evidence): Asked {
  const dead = secureGaps.filter(({ value }) => !(value > 0))
  const detail =
    secureGaps.length === 0
      ? 'No secure adapter was measured.'
      : dead.length > 0
        ? `No distance at all between base and ${list(dead.map(({ of }) => of))}: an adapter that was not applied looks like this.`
        : `Distance from the base at the layer where they lie furthest apart: ${list(
            secureGaps.map(({ of, value }) => `${value.toPrecision(3)} (${of})`)
          )}; not 0.`
  return { name: 'Secure control', holds: secureGaps.length > 0 && dead.length === 0, detail }
}

function baselineCheck({ none, thresholds: { leastSpillover } }: Evidence): Asked {
  return {
    name: 'Unsteered spillover',
    holds: none.code.estimate >= leastSpillover,
    detail: `Unsteered spillover ${percentWithin(none.code)}; at least ${percent(leastSpillover)} is needed.`
  }
}
