/** Worlds whose truth is known, and how often the ladder says what in them: with the samples that the presets take. */
import { gaussian, seeded } from '../../../src/math/random'
import { findingsOf } from '../../../src/study/analysis/analyse'
import { withinFamilies } from '../../../src/study/analysis/measure/families'
import type { LadderKind } from '../../../src/study/findings'
import { presetSettings } from '../../../src/study/presets'
import type { Family } from '../../../src/study/run'
import { counts, simulate } from './simulate'
import { specific, type Planted, type World } from './world'

/** Prompts of `eval`. */
const prompts = 60

/** What is planted, by the seed of a study. */
export interface PowerWorld {
  readonly name: string
  /** Whether the direction is one that ought to be called specific, by at least 16 points over every control. */
  readonly isSpecific: boolean
  readonly planted: (seed: number) => Planted
  readonly more: Partial<World>
}

export const controlled: readonly Family[] = withinFamilies.filter((family) => specific.controls[family] !== undefined)

/** Every family alike. To add a direction is to add code: that is no control that could do as well. */
export function alike(delta: number): Planted['controls'] {
  return { ...Object.fromEntries(controlled.map((family) => [family, delta])), sign: -5 }
}

/** Language is left as whole by controls as by the direction, so that clean prose does not tell them apart by itself. */
export const planted: Planted = { ...specific, spillover: 0.6, own: 21, controlsBack: 0.95 }

const five = (): Planted => ({ ...planted, controls: alike(5) })
const same = (): Planted => ({ ...planted, controls: alike(21) })

/** The direction is one more draw from the bell, or from a heavy-tailed one, that every control comes from: it leads by luck alone. */
export function drawn(seed: number, spread: number, heavy = false): Planted {
  const normal = gaussian(seeded(seed, 99))
  const tail = (): number => normal() / Math.sqrt((normal() ** 2 + normal() ** 2 + normal() ** 2) / 3)
  const draw = (): number => Math.max(-5, 21 + spread * (heavy ? tail() : normal()))
  const own = draw()
  const controls = controlled.map((family) => [family, Array.from({ length: counts[family] ?? 1 }, draw)])
  return { ...planted, own, controls: { ...Object.fromEntries(controls), sign: -5 } }
}

/** A neighbouring layer's direction that is mostly the direction itself, and does what its share of it does. */
function overlapping(base: Planted, cosine: number): Planted {
  return {
    ...base,
    controls: { ...base.controls, 'wrong-layer': cosine * base.own },
    cosines: { 'wrong-layer': cosine }
  }
}

const generators = ['logit', 'copula'] as const

/** All of them, both generators. */
export const worlds: readonly PowerWorld[] = generators.flatMap((generator) => {
  const more = { generator, common: 0.8 }
  const world = (
    name: string,
    isSpecific: boolean,
    of: (seed: number) => Planted,
    rest: Partial<World> = {}
  ): PowerWorld => ({
    name: `${name} (${generator})`,
    isSpecific,
    planted: of,
    more: { ...more, ...rest }
  })
  return [
    world('21 points, every control 5', true, five),
    ...(generator === 'logit'
      ? [world('the same, half of the random numbers shared', true, five, { common: 0.5 })]
      : []),
    world('21 points in the direction and in every control', false, same),
    world('21 in the direction and in rms-only, 5 elsewhere', false, () => ({
      ...planted,
      controls: { ...alike(5), 'rms-only': 21 }
    })),
    world('every direction from one bell, 21 with standard deviation 8', false, (seed) => drawn(seed, 8)),
    world('the same, standard deviation 15', false, (seed) => drawn(seed, 15)),
    world('the same with heavy tails (t, 3 degrees), scale 8', false, (seed) => drawn(seed, 8, true)),
    world('21 points, every control 5, and the wrong layer overlaps (cosine .75)', true, () =>
      overlapping(five(), 0.75)
    ),
    world('all alike, and the wrong layer overlaps (cosine .6)', false, () => overlapping(same(), 0.6)),
    world('the same, cosine .9', false, () => overlapping(same(), 0.9)),
    world('gibberish in the place of code, for the direction alone', false, () => ({ ...five(), back: 0.1 })),
    world('no effect at all', false, () => ({ ...planted, own: 0, controls: alike(0) }))
  ]
})

/** Share of each kind over so many studies of one model with the samples of a preset. */
export function kindsIn(
  { planted: plantedOf, more }: PowerWorld,
  studies: number
): Readonly<Record<LadderKind, number>> {
  const { samples, decidingSamples, controlSamples } = presetSettings('offline')
  const shares = { 'direction-specific': 0, 'non-specific': 0, unresolved: 0, 'no effect': 0, undecidable: 0 }
  for (let seed = 0; seed < studies; seed++) {
    const sizes = { prompts, samples, deciding: decidingSamples, controlSamples, draws: 400 }
    const run = simulate({ seed, models: [plantedOf(seed)], ...sizes, ...more })
    const kind = findingsOf(run).within[0]?.ladder.kind
    if (kind) shares[kind] += 1 / studies
  }
  return shares
}
