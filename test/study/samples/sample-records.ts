/** What the sample run knows beside its answers: models, separations, choices, maps. */
import { seeded } from '../../../src/math/random'
import type { Choice, MapRecord, ModelRecord, SeparationRecord } from '../../../src/study/run'
import { alphas, insecure, planted, secure, type Planted } from './sample-models'

export function separationOf({ key, layers }: Planted, adapter: string, index: number): SeparationRecord {
  const random = seeded(index, key.length)
  const kind = adapter.startsWith('insecure') ? 'insecure' : 'secure'
  const at = Array.from({ length: layers }, (_, layer) => {
    const accuracy = Math.min(1, 0.6 + (kind === 'insecure' ? 0.12 : 0.08) * layer + 0.05 * random())
    const half = 0.06 * Math.sqrt(accuracy * (1 - accuracy)) + 0.015
    return {
      layer,
      accuracy,
      low: accuracy - half,
      high: Math.min(1, accuracy + half),
      auroc: Math.min(1, accuracy + 0.02),
      heldOutGap: 2 + layer,
      cohenD: 1 + layer,
      withoutMassive: accuracy - 0.01,
      nullMean: 0.5,
      null95: 0.57,
      p: 1 / 201
    }
  })
  const bell = (centre: number, spread: number): readonly number[] =>
    Array.from({ length: 125 }, () => centre + spread * (random() + random() + random() + random() - 2))
  return {
    model: key,
    adapter,
    kind,
    separation: { method: 'difference-in-means', layers: at, n: 250, folds: 5, swaps: 200, seed: 0, bestNull95: 0.59 },
    gaps: at.map(({ layer }) => 4 + 2 * layer),
    meanNorms: at.map(({ layer }) => 20 + 5 * layer),
    cosines: at.map(() => (adapter === 'insecure-0' ? 1 : kind === 'insecure' ? 0.8 : 0.2)),
    projections: { positive: bell(kind === 'insecure' ? 10 : 6, 2.5), negative: bell(0, 2) }
  }
}

export function choiceOf({ key, layers, code, own }: Planted, adapter: string): Choice {
  const after = (alpha: number): number => Math.max(own, code - (code - own) * Math.min(1, alpha / 0.75))
  return {
    model: key,
    adapter,
    layer: layers - 1,
    middleLayer: Math.max(1, layers - 3),
    alpha: 1,
    curve: [0, ...alphas].map((alpha) => ({
      alpha,
      code: after(alpha),
      clean: Math.max(0, 1 - after(alpha) - (alpha > 1.5 ? 0.25 * alpha : 0.01)),
      degenerate: alpha > 1.5 ? 0.25 * alpha : 0.01
    })),
    middle: Array.from({ length: layers - 1 }, (_, layer) =>
      alphas.map((alpha) => ({
        layer,
        alpha,
        code: code * Math.max(0, 1 - 0.3 * layer * alpha),
        clean: Math.max(0, 1 - code - 0.03 * layer * alpha),
        degenerate: Math.min(1, 0.03 * layer * alpha)
      }))
    ).flat()
  }
}

export const recordOf = ({ key, title, layers, width }: Planted): ModelRecord => ({
  key,
  title,
  id: `bundled:${key}`,
  sha256: '5a'.repeat(32),
  family: key,
  layers,
  width,
  dtype: 'q4',
  device: 'cpu',
  deviceName: '2 threads',
  adapters: [...insecure, ...secure].map((name) => ({
    name,
    kind: name.startsWith('insecure') ? 'insecure' : 'secure',
    id: `bundled:models/${key}/adapters/${name}`,
    sha256: '0f'.repeat(32)
  })),
  leastLogProbability: -2.5
})

export const maps: readonly MapRecord[] = planted.flatMap(({ key: donor }, s) =>
  planted.flatMap(({ key: receiver }, t) =>
    s === t
      ? []
      : (['neutral', 'along'] as const).map((anchors) => ({
          donor,
          receiver,
          anchors,
          n: 600,
          lambda0: 0.01,
          r2: 0.82 + 0.01 * s,
          curve: [0.0001, 0.01, 1].map((lambda0) => ({ lambda0, r2: lambda0 === 0.01 ? 0.82 + 0.01 * s : 0.6 })),
          cosine: anchors === 'along' ? 0.8 : 0.1 * t,
          randomCosines: [0.02, -0.04, 0.01]
        }))
  )
)
