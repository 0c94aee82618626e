/**
 * A made-up run of four models in which every kind of verdict occurs, with findings of the same shape as real ones. What its
 * verdicts say is set by hand: it is for figures, reports and files, never for judging how verdicts are made.
 */
import { runVersion, type Block, type Run } from '../../../src/study/run'
import { answersOf, prompts, requests } from './sample-answers'
import { planOf } from './sample-arms'
import { insecure, planted, sampleSettings, secure } from './sample-models'
import { choiceOf, maps, recordOf, separationOf } from './sample-records'

/** The run. Without arguments, all of it; with a model's key, a small one. */
export function sampleRun(only?: string): Run {
  const models = planted.filter(({ key }) => only === undefined || key === only)
  const plan = models.flatMap(planOf)
  const blocks = plan.map(({ block, arms }): Block => ({ ...block, arms: arms.map(([one]) => one) }))
  return {
    format: 'azimuth.run',
    version: runVersion,
    settings: sampleSettings,
    app: { version: '0.1.0', detector: 'azimuth-code-2', host: 'Node 20.20' },
    started: '2026-11-25T20:00:00.000Z',
    finished: '2026-11-25T20:08:31.000Z',
    prompts: {
      tune: { sha256: '11'.repeat(32), prompts },
      eval: { sha256: '22'.repeat(32), prompts },
      code: { sha256: '33'.repeat(32), prompts: requests }
    },
    models: models.map(recordOf),
    separations: models.flatMap((model) =>
      [...insecure, ...secure].map((adapter, i) => separationOf(model, adapter, i))
    ),
    choices: models.flatMap((model) => insecure.map((adapter) => choiceOf(model, adapter))),
    maps,
    blocks,
    answers: plan.flatMap(({ arms }, i) => {
      const block = blocks[i]
      return block ? answersOf(block, arms, i) : []
    }),
    firstTokens: models.flatMap(({ key, code }) =>
      ['none', 'own@1'].map((id) => ({
        model: key,
        adapter: 'insecure-0',
        arm: id,
        mass: prompts.map((_, i) => (id === 'none' ? code : 0.05) * (1 - 0.01 * i))
      }))
    ),
    times: models.flatMap(({ key }, i) => [
      { stage: 'open', model: key, seconds: 1.2 + i, answers: 0 },
      { stage: 'admission', model: key, seconds: 9.4, answers: 210 },
      { stage: 'capture', model: key, seconds: 6.1, answers: 0 },
      { stage: 'within', model: key, seconds: 41.7, answers: 2100 },
      { stage: 'transfer', model: key, seconds: 62.3 - 4 * i, answers: 6500 },
      { stage: 'score', model: key, seconds: 12, answers: 0 }
    ]),
    notes: ['The study was resumed once; no cell was measured twice.']
  }
}
