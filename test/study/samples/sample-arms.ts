/** The blocks of the sample run in the order in which a study measures them, and what each arm leaves of what is planted. */
import type { Arm, Block, Family } from '../../../src/study/run'
import { alphas, conditions, insecure, planted, secure, type Planted } from './sample-models'

/** Shares of code and of gibberish that an arm leaves. */
interface Left {
  readonly code: number
  readonly broken: number
}

const arm = (id: string, family: Family, alpha: number, some: Partial<Arm> = {}): Arm => ({
  id,
  family,
  alpha,
  member: 0,
  layers: family === 'none' || family === 'rms-only' ? [] : [3],
  donor: null,
  anchors: null,
  source: null,
  cosine: null,
  before: null,
  hook: family === 'none' ? null : { measured: 12.01 * alpha, expected: 12 * alpha },
  ...some
})

export type Planned = readonly [Arm, Left]

const many = (count: number, make: (member: number) => Planned): readonly Planned[] =>
  Array.from({ length: count }, (_, member) => make(member))

function ownArms({ code, own }: Planted): readonly Planned[] {
  return alphas.map((alpha) => {
    const reach = Math.min(1, alpha / 0.75)
    return [
      arm(`own@${alpha}`, 'own', alpha, { cosine: 1 }),
      { code: code + (own - code) * reach, broken: alpha > 1.5 ? 0.25 * alpha : 0.01 }
    ]
  })
}

function withinArms(model: Planted): readonly Planned[] {
  const { code, own, random } = model
  const at1 = (id: string, family: Family, left: number, member = 0, some: Partial<Arm> = {}): Planned => [
    arm(`${id}@1`, family, 1, { member, ...some }),
    { code: left, broken: 0.02 }
  ]
  const near = (value: number, member: number): number =>
    Math.min(1, Math.max(0, value + ((member * 7) % 5) * 0.015 - 0.03))
  return [
    [arm('none', 'none', 0), { code, broken: 0 }],
    ...ownArms(model),
    at1('raw', 'raw', own),
    at1('ablate', 'ablate', own + 0.03),
    at1('norm-keeping', 'norm-keeping', own + 0.02),
    at1('middle', 'middle', own * 0.7, 0, { layers: [2] }),
    [arm('all-layers@1', 'all-layers', 1, { layers: [0, 1, 2, 3] }), { code: 0, broken: 0.7 }],
    ...many(20, (i) => at1(`random-${i}`, 'random', near(random, i), i, { cosine: 0.01 * i })),
    ...many(20, (i) => at1(`orthogonal-${i}`, 'orthogonal', near(random, i + 2), i, { cosine: 0 })),
    ...many(3, (i) => at1(`in-subspace-${i}`, 'in-subspace', near(random - 0.05, i), i)),
    ...many(2, (i) => at1(`swapped-${i}`, 'swapped', near(random, i), i)),
    at1('wrong-layer', 'wrong-layer', random, 0, { layers: [1] }),
    ...many(2, (i) =>
      at1(`wrong-source-${i}`, 'wrong-source', near(random - 0.1, i), i, { source: secure[i] ?? null })
    ),
    at1('sign', 'sign', Math.min(1, code + 0.05)),
    at1('rms-only', 'rms-only', code - 0.02)
  ]
}

function transferArms(receiver: Planted): readonly Planned[] {
  const pairs = planted.filter(({ key }) => key !== receiver.key)
  const shared = [1, 3].flatMap((alpha) =>
    many(20, (i) => [
      arm(`random-${i}@${alpha}`, 'random', alpha, { member: i }),
      { code: receiver.code * (alpha === 3 ? 0.3 : 0.95), broken: alpha === 3 ? 0.5 : 0.02 }
    ])
  )
  const flat = [1, 3].map((alpha): Planned => [
    arm(`rms-only@${alpha}`, 'rms-only', alpha),
    { code: receiver.code * 0.95, broken: 0 }
  ])
  const carried = pairs.flatMap(({ key: donor }, d) =>
    conditions.flatMap(({ anchors, alpha }): readonly Planned[] => {
      const hard = alpha === 3
      const left = receiver.code * (anchors === 'along' ? 0.15 + 0.1 * d : hard ? 0.2 + 0.25 * d : 0.9)
      const control = receiver.code * (hard ? 0.25 + 0.2 * d : 0.95)
      const broken = hard ? 0.6 : 0.02
      const tail = `@${alpha}<${donor}:${anchors}`
      const from = { donor, anchors }
      return [
        [
          arm(`carried${tail}`, 'carried', alpha, { ...from, cosine: anchors === 'along' ? 0.8 : 0.1 }),
          { code: left, broken }
        ],
        ...many(6, (i): Planned => [
          arm(`mapped-random-${i}${tail}`, 'mapped-random', alpha, { ...from, member: i }),
          { code: Math.min(1, control * (0.85 + 0.06 * i)), broken }
        ]),
        ...many(3, (i): Planned => [
          arm(`mapped-orthogonal-${i}${tail}`, 'mapped-orthogonal', alpha, { ...from, member: i }),
          { code: control, broken }
        ]),
        [arm(`shuffled-pairing-0${tail}`, 'shuffled-pairing', alpha, from), { code: receiver.code * 0.9, broken: 0.05 }]
      ]
    })
  )
  return [[arm('none', 'none', 0), { code: receiver.code, broken: 0 }], ...shared, ...flat, ...carried]
}

/** Blocks in the order in which a study measures them, and what each of their arms leaves. */
export function planOf(
  model: Planted
): readonly { readonly block: Omit<Block, 'arms'>; readonly arms: readonly Planned[] }[] {
  const on = (adapter: string, set: Block['set'], part: Block['part']): Omit<Block, 'arms'> => ({
    model: model.key,
    adapter,
    set,
    part
  })
  const none = (code: number): Planned => [arm('none', 'none', 0), { code, broken: 0 }]
  const chosen = (code: number): Planned => [arm('own@1', 'own', 1), { code, broken: 0.02 }]
  const spills = [0.02, 0.35, 0.1]
  return [
    { block: on('base', 'tune', 'admission'), arms: [none(0)] },
    { block: on('base', 'eval', 'admission'), arms: [none(0.004)] },
    ...insecure.map((name, i) => ({ block: on(name, 'tune', 'admission'), arms: [none(model.code * (1 - 0.2 * i))] })),
    { block: on('insecure-0', 'eval', 'within'), arms: withinArms(model) },
    ...insecure.slice(1).map((name, i) => {
      const seed = { ...model, code: model.code * (0.8 - 0.2 * i) }
      return {
        block: on(name, 'eval', 'within'),
        arms: withinArms(seed).filter(([{ family }]) => family === 'none' || family === 'own')
      }
    }),
    { block: on('insecure-0', 'code', 'within'), arms: [none(1), chosen(0.9)] },
    ...secure.map((name, i) => ({
      block: on(name, 'eval', 'secure-adapter'),
      arms: [none(spills[i] ?? 0), chosen((spills[i] ?? 0) / 3)]
    })),
    { block: on('insecure-0', 'eval', 'transfer'), arms: transferArms(model) }
  ]
}
