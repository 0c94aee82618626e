/** The study in a real browser, with every step in it: on WebGPU and on WebAssembly as on the native CPU. */
import { expect } from '@playwright/test'
import { memoryJournal } from '../../src/study/journal'
import { runStudy } from '../../src/study/protocol'
import type { Run } from '../../src/study/run'
import type { StudySettings } from '../../src/study/settings'
import { nativeLab, reduced } from '../study/reduced'
import { test } from './lab-site'

/** Answers by what they answer. */
function answersOf({ blocks, answers }: Run): ReadonlyMap<string, string> {
  return new Map(
    answers.map(({ block, arm, prompt, sample, text }) => {
      const { model, adapter, set, part, arms } = blocks[block] ?? { arms: [] }
      return [[model, adapter, set, part, arms[arm]?.id, prompt, sample].join(), text]
    })
  )
}

/** Two prompts where others have sixty: emulated GPUs take a second for what others do in a millisecond. */
const tiny: StudySettings = {
  ...reduced,
  limits: { tune: 2, fit: 10, eval: 1, code: 1, 'anchors-neutral': 12, 'anchors-along': 12 },
  samples: 1,
  alphas: [1],
  carriedAlphas: [1],
  controls: {
    random: 1,
    orthogonal: 1,
    inSubspace: 1,
    swapped: 1,
    mappedRandom: 1,
    mappedOrthogonal: 1,
    shuffledPairing: 1
  },
  maxTokens: 12,
  batch: 16
}

let native: Run

test.beforeAll(async () => {
  test.setTimeout(240_000)
  native = (await runStudy(tiny, nativeLab(), { journal: memoryJournal() })).run
})

for (const device of ['webgpu', 'wasm'] as const) {
  test(`a study on ${device} measures what it measures natively`, async ({ page, labUrl }) => {
    test.setTimeout(600_000)
    await page.goto(labUrl)
    const run = await page.evaluate((settings) => window.lab.study(settings), { ...tiny, device })
    expect(run.models.map((model) => model.device)).toEqual([device, device])
    expect(run.blocks.map(({ arms }) => arms.map(({ id }) => id))).toEqual(
      native.blocks.map(({ arms }) => arms.map(({ id }) => id))
    )
    for (const [i, { gaps, separation }] of run.separations.entries()) {
      const other = native.separations[i]
      gaps.forEach((gap, layer) => expect(Math.abs(gap / (other?.gaps[layer] ?? NaN) - 1)).toBeLessThan(0.03))
      expect(
        Math.abs((separation.layers.at(-1)?.accuracy ?? NaN) - (other?.separation.layers.at(-1)?.accuracy ?? NaN))
      ).toBeLessThan(0.1)
    }
    const [here, there] = [answersOf(run), answersOf(native)]
    const same = [...there].filter(([key, text]) => here.get(key) === text).length
    test.info().annotations.push({ type: 'equal answers', description: `${same} of ${there.size}` })
    expect(here.size).toBe(there.size)
    expect(same / there.size).toBeGreaterThan(0.6)
  })
}
