/** The first generator: prompts differ by a normal logit, and arms share the random numbers of a part of their answers. */
import { gaussian, seeded } from '../../../src/math/random'
import { samplesOf, type Draw } from './simulate'
import { texts, type World } from './world'

/** Draws answers of arms that belong together: prompts differ, and every arm meets the same differences. */
export function logitDrawer(world: World, name: string, rate: number): Draw {
  const { seed, prompts, samples, deciding, unlike, common } = world
  const stream = [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7)
  const random = seeded(seed, stream)
  const normal = gaussian(random)
  const centre = Math.log(rate / (1 - rate))
  const logits = Array.from({ length: prompts }, () => centre * Math.sqrt(1 + 0.346 * unlike ** 2) + unlike * normal())
  const rates = logits.map((logit) => (rate === 0 ? 0 : 1 / (1 + Math.exp(-logit))))
  const most = Math.max(samples, deciding)
  const shared = Float64Array.from({ length: 2 * prompts * most }, random)
  return ({ arm, delta, back }, { block, arm: place }, into) => {
    const left = rate === 0 ? 1 : Math.max(0, 1 - delta / (100 * rate))
    for (let prompt = 0; prompt < prompts; prompt++) {
      const before = rates[prompt] ?? 0
      for (const sample of samplesOf(world, arm)) {
        const at = 2 * (prompt * most + sample)
        const [first, second] = random() < common ? [shared[at] ?? 0, shared[at + 1] ?? 0] : [random(), random()]
        const kind = first < before * left ? 'code' : first < before && second > back ? 'gibberish' : 'prose'
        const logProbability = kind === 'gibberish' ? -9 : kind === 'code' ? -3 : -1
        into.push({ block, arm: place, prompt, sample, text: texts[kind], tokens: 12, logProbability })
      }
    }
  }
}
