/**
 * How often the ladder is wrong, in the worlds of docs/verdicts.md, whose table `npm run verdicts` makes. 400 draws in place of 10,000:
 * they place an end of an interval with a standard error of 7 % of its half width, and the least p, 1/401, lies far below what one
 * test asks.
 */
import { describe, expect, it } from 'vitest'
import { kindsIn, worlds } from './power'

/** Enough that a true rate of 2 % is not taken for one of 6 %, and one of 90 % not for one of 80 %. */
const studies = 120

describe(`over ${studies} studies with the samples of the presets`, () => {
  it.each(worlds.map((world) => [world.name, world] as const))('%s', { timeout: 600_000 }, (_, world) => {
    const share = kindsIn(world, studies)['direction-specific']
    if (world.isSpecific) expect(share).toBeGreaterThanOrEqual(0.84)
    else expect(share).toBeLessThanOrEqual(0.05)
  })
})
