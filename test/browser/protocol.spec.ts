/** The study in a real browser, with every step in it: on WebGPU and on WebAssembly as on the native CPU. */
import { expect } from '@playwright/test'
import { memoryJournal } from '../../src/study/journal'
import { runStudy } from '../../src/study/protocol'
import type { Run } from '../../src/study/run'
import type { StudySettings } from '../../src/study/settings'
import { nativeLab, reduced } from '../study/samples/reduced'
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
  limits: { tune: 2, calibrate: 3, fit: 10, eval: 1, code: 1, 'anchors-neutral': 12, 'anchors-along': 12 },
  samples: 2,
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

const native = async (settings: StudySettings): Promise<Run> =>
  (await runStudy(settings, nativeLab(), { journal: memoryJournal() })).run

/** Within one model on the GPU, which is emulated here; between two as well on WebAssembly. */
const studies = {
  webgpu: { ...tiny, models: tiny.models.slice(0, 1), maxTokens: 6 },
  wasm: tiny
} as const

for (const [device, settings] of Object.entries(studies)) {
  test(`a study on ${device} measures what it measures natively`, async ({ page, labUrl }) => {
    // A guard against hanging: the GPU is emulated.
    test.setTimeout(1_800_000)
    await page.goto(labUrl)
    const there = await native(settings)
    const asked: StudySettings = { ...settings, device: device === 'webgpu' ? 'webgpu' : 'wasm' }
    const run = await page.evaluate((given) => window.lab.study(given), asked)
    expect(run.models.map((model) => model.device)).toEqual(settings.models.map(() => device))
    expect(run.blocks.map(({ arms }) => arms.map(({ id }) => id))).toEqual(
      there.blocks.map(({ arms }) => arms.map(({ id }) => id))
    )
    for (const [i, { gaps, separation }] of run.separations.entries()) {
      const other = there.separations[i]
      gaps.forEach((gap, layer) => expect(Math.abs(gap / (other?.gaps[layer] ?? NaN) - 1)).toBeLessThan(0.03))
      expect(
        Math.abs((separation.layers.at(-1)?.accuracy ?? NaN) - (other?.separation.layers.at(-1)?.accuracy ?? NaN))
      ).toBeLessThan(0.1)
    }
    const [here, natively] = [answersOf(run), answersOf(there)]
    const same = [...natively].filter(([key, text]) => here.get(key) === text).length
    test.info().annotations.push({ type: 'equal answers', description: `${same} of ${natively.size}` })
    expect(here.size).toBe(natively.size)
    expect(same / natively.size).toBeGreaterThan(0.6)
  })
}
