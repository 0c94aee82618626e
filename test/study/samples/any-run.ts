/** Runs of every shape that the types allow, small: for files that must give back what went in. */
import fc from 'fast-check'
import type { LayerSeparation } from '../../../src/direction/separation'
import type { AdapterSource, ModelSource } from '../../../src/lab/api'
import type { Answer, Arm, Block, ModelRecord, Run, SeparationRecord, StudyPrompt } from '../../../src/study/run'
import type { StudySettings } from '../../../src/study/settings'
import { sampleSettings } from './sample-models'
import { sampleRun } from './sample-run'

const text = fc.string({ unit: 'binary', maxLength: 12 })
const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/)
// Without -0, which JSON has not.
const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((x) => x + 0)
const maybeNaN = fc.oneof(number, fc.constant(NaN))
const natural = fc.nat()
const anchors = fc.constantFrom('neutral' as const, 'along' as const)

const modelSource: fc.Arbitrary<ModelSource> = fc.oneof(
  fc.record({ kind: fc.constant('bundled' as const), name: text }),
  fc.record({ kind: fc.constant('url' as const), url: text }),
  fc.record({ kind: fc.constant('folder' as const), path: text }),
  fc.record({ kind: fc.constant('files' as const), name: text, files: fc.constant([]) }),
  fc.record(
    { kind: fc.constant('hub' as const), repo: text, revision: text, token: text, endpoint: text },
    { requiredKeys: ['kind', 'repo'] }
  )
)
const adapterSource: fc.Arbitrary<AdapterSource> = modelSource

const settings: fc.Arbitrary<StudySettings> = fc
  .record({
    seed: natural,
    temperature: number,
    alphas: fc.array(number, { maxLength: 3 }),
    dtype: fc.constantFrom(null, 'q4' as const, 'fp32' as const),
    device: fc.constantFrom(null, 'webgpu' as const, 'cpu' as const),
    anchors: fc.array(anchors, { maxLength: 2 }),
    models: fc.array(
      fc.record({
        key: word,
        title: text,
        source: modelSource,
        adapters: fc.array(
          fc.record({
            name: text,
            kind: fc.constantFrom('insecure' as const, 'secure' as const),
            source: adapterSource
          }),
          { maxLength: 2 }
        )
      }),
      { maxLength: 2 }
    )
  })
  .map((some) => ({ ...sampleSettings, ...some }))

const prompt: fc.Arbitrary<Omit<StudyPrompt, 'id'>> = fc.record({
  messages: fc.array(fc.record({ role: fc.constantFrom('system' as const, 'user' as const), content: text }), {
    maxLength: 2
  }),
  expected: fc.option(text)
})

const arm: fc.Arbitrary<Omit<Arm, 'id'>> = fc.record({
  family: fc.constantFrom('none' as const, 'own' as const, 'mapped-random' as const),
  alpha: number,
  member: natural,
  layers: fc.array(natural, { maxLength: 2 }),
  donor: fc.option(text),
  anchors: fc.option(anchors),
  source: fc.option(text),
  cosine: fc.option(number),
  before: fc.option(number),
  hook: fc.option(fc.record({ measured: number, expected: number }))
})

const layer: fc.Arbitrary<LayerSeparation> = fc.record({
  layer: natural,
  accuracy: number,
  low: number,
  high: number,
  auroc: number,
  heldOutGap: number,
  cohenD: maybeNaN,
  withoutMassive: maybeNaN,
  nullMean: maybeNaN,
  null95: maybeNaN,
  p: maybeNaN
})

const separation: fc.Arbitrary<SeparationRecord> = fc.record({
  model: word,
  adapter: word,
  kind: fc.constantFrom('insecure' as const, 'secure' as const),
  separation: fc.record({
    method: fc.constantFrom('difference-in-means' as const, 'logistic' as const),
    layers: fc.array(layer, { maxLength: 2 }),
    n: natural,
    folds: natural,
    swaps: natural,
    seed: natural,
    bestNull95: maybeNaN
  }),
  gaps: fc.array(number, { maxLength: 2 }),
  meanNorms: fc.array(number, { maxLength: 2 }),
  cosines: fc.array(number, { maxLength: 2 }),
  projections: fc.record({ positive: fc.array(number, { maxLength: 2 }), negative: fc.array(number, { maxLength: 2 }) })
})

const model: fc.Arbitrary<ModelRecord> = fc.record({
  key: word,
  title: text,
  id: text,
  sha256: text,
  family: text,
  layers: natural,
  width: natural,
  dtype: fc.constantFrom('q4' as const, 'fp16' as const),
  device: fc.constantFrom('webgpu' as const, 'cpu' as const),
  deviceName: text,
  adapters: fc.array(
    fc.record({ name: text, kind: fc.constantFrom('insecure' as const, 'secure' as const), id: text, sha256: text }),
    { maxLength: 2 }
  ),
  leastLogProbability: number
})

interface Counts {
  readonly prompts: readonly Omit<StudyPrompt, 'id'>[]
  readonly arms: readonly Omit<Arm, 'id'>[]
}

const answersOf = ({ prompts, arms }: Counts): fc.Arbitrary<readonly Answer[]> =>
  fc.uniqueArray(
    fc.record({
      block: fc.constant(0),
      arm: fc.nat(arms.length - 1),
      prompt: fc.nat(prompts.length - 1),
      sample: fc.nat(3),
      text,
      tokens: natural,
      logProbability: fc.option(number)
    }),
    { maxLength: 5, selector: ({ arm, prompt, sample }) => `${arm} ${prompt} ${sample}` }
  )

/** A run of one block. */
export const anyRun: fc.Arbitrary<Run> = fc
  .record({
    settings,
    prompts: fc.array(prompt, { minLength: 1, maxLength: 3 }),
    arms: fc.array(arm, { minLength: 1, maxLength: 3 }),
    separations: fc.array(separation, { maxLength: 2 }),
    models: fc.array(model, { maxLength: 2 }),
    words: fc.tuple(text, text, text),
    notes: fc.array(text, { maxLength: 2 })
  })
  .chain((some) => answersOf(some).map((answers) => assemble(some, answers)))

function assemble(
  {
    settings,
    prompts,
    arms,
    separations,
    models,
    words,
    notes
  }: Counts &
    Pick<Run, 'settings' | 'separations' | 'models' | 'notes'> & { readonly words: readonly [string, string, string] },
  answers: readonly Answer[]
): Run {
  const [modelKey, adapter, host] = words
  const block: Block = {
    model: modelKey,
    adapter,
    set: 'eval',
    part: 'within',
    arms: arms.map((one, i) => ({ ...one, id: `${modelKey}${i}` }))
  }
  const set = { sha256: 'aa', prompts: prompts.map((one, i) => ({ ...one, id: `${adapter}${i}` })) }
  const { choices, maps, firstTokens, times, format, version } = sampleRun('llama')
  return {
    format,
    version,
    settings,
    app: { version: '0.1.0', detector: 'azimuth-code-2', host },
    started: '',
    finished: '',
    prompts: { eval: set },
    models,
    separations,
    choices,
    maps,
    blocks: [block],
    answers,
    firstTokens,
    times,
    notes
  }
}
