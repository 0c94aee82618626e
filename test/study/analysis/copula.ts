/**
 * The second generator, which shares nothing with the first but what is planted: how readily a prompt spills is drawn from a beta
 * distribution, arms are tied by a Gaussian copula of their answers, and every arm moves each prompt by an amount of its own with
 * heavy tails (Student's t with 3 degrees, in logits).
 */
import { randomBeta, randomGamma, randomLcg, randomNormal } from 'd3'
import { samplesOf, type Draw } from './simulate'
import { texts, type World } from './world'

/** How much prompts differ: the two parameters of the beta distribution add up to this. Below 2 most spill always or never. */
const concentration = 1.5
/** Correlation of the latent answers of two arms at the same prompt and sample. */
const tie = 0.6
/** Scale of what an arm does to each prompt beside what it does to all. */
const own = 0.5

/** Draws answers of arms that belong together. */
export function copulaDrawer(world: World, name: string, rate: number): Draw {
  const { seed, prompts, samples, deciding } = world
  const source = randomLcg(
    (((seed + 1) * 7919 + [...name].reduce((sum, letter) => sum * 33 + letter.charCodeAt(0), 5)) % 1e6) / 1e6
  )
  const normal = randomNormal.source(source)(0, 1)
  const gamma = randomGamma.source(source)(1.5, 2)
  const heavy = (): number => normal() / Math.sqrt(gamma() / 3)
  const beta = rate === 0 ? () => 0 : randomBeta.source(source)(rate * concentration, (1 - rate) * concentration)
  const rates = Array.from({ length: prompts }, beta)
  const most = Math.max(samples, deciding)
  const shared = Float64Array.from({ length: prompts * most }, normal)
  return ({ arm, delta, back }, { block, arm: place }, into) => {
    const left = rate === 0 ? 1 : Math.max(0, 1 - delta / (100 * rate))
    for (let prompt = 0; prompt < prompts; prompt++) {
      const before = rates[prompt] ?? 0
      const after = arm.family === 'none' ? before : moved(before * left, own * heavy())
      for (const sample of samplesOf(world, arm)) {
        const latent = Math.sqrt(tie) * (shared[prompt * most + sample] ?? 0) + Math.sqrt(1 - tie) * normal()
        const place01 = share(latent)
        const wasCode = place01 < before
        const kind = place01 < after ? 'code' : wasCode && source() > back ? 'gibberish' : 'prose'
        const logProbability = kind === 'gibberish' ? -9 : kind === 'code' ? -3 : -1
        into.push({ block, arm: place, prompt, sample, text: texts[kind], tokens: 12, logProbability })
      }
    }
  }
}

/** A rate moved by some logits; 0 and 1 stay. */
function moved(rate: number, logits: number): number {
  if (rate <= 0 || rate >= 1) return rate
  return 1 / (1 + Math.exp(-Math.log(rate / (1 - rate)) - logits))
}

/** The normal distribution function, by Abramowitz and Stegun 7.1.26: within 2e-7. */
function share(z: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(z))
  const tail =
    Math.exp((-z * z) / 2) *
    0.3989422804 *
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return z > 0 ? 1 - tail : tail
}
