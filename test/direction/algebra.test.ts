import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { add, cosine, orthogonalize, scale } from '../../src/direction/algebra'
import { carry, layerMap, mapTask, shuffledPairing, type LayerMap, type MapTask } from '../../src/direction/carry'
import { adapter } from '../../src/direction/contrast'
import { gaussianControls } from '../../src/direction/controls'
import type { Direction } from '../../src/direction/direction'
import { extract } from '../../src/direction/extract'
import type { HiddenStates } from '../../src/direction/hidden-states'
import { ledoitWolf } from '../../src/direction/discriminant'
import { fitLogistic } from '../../src/direction/logistic'
import type { Method } from '../../src/direction/method'
import { centredGram, crossGram, gram } from '../../src/math/gram'
import { stackRows, weightedSum, shiftedRows, meanRow, type DoubleRows } from '../../src/math/rows'
import { fitRidge } from '../../src/math/ridge'
import { dot, length } from '../../src/math/vector'
import { model, moved, planted, tuned } from './planted'
import reference from '../math/reference.json'

const known = reference.directions
const width = 6

/** Any direction of one place. */
const directions = fc
  .record({
    numbers: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: width, maxLength: width }),
    norm: fc.double({ min: 0.01, max: 100, noNaN: true }),
    midpoint: fc.double({ min: -10, max: 10, noNaN: true }),
    sha256: fc.constantFrom('a', 'b', 'c')
  })
  .filter(({ numbers }) => length(Float64Array.from(numbers)) > 0.1)
  .map(({ numbers, ...rest }): Direction => {
    const size = length(Float64Array.from(numbers))
    const vector = Float32Array.from(numbers, (value) => value / size)
    const shared = { model, against: model, layer: 2, method: 'difference-in-means', contrast: 'lists' } as const
    return { ...shared, ...rest, vector, meanNorm: 1, positive: 3, negative: 3 }
  })
const factors = fc.double({ min: -8, max: 8, noNaN: true })

/** What a direction adds at alpha 1. */
const gap = ({ vector, norm }: Direction): number[] => [...vector].map((value) => value * norm)

function expectSame(one: readonly number[], other: readonly number[]): void {
  const size = Math.max(1, ...one.map(Math.abs), ...other.map(Math.abs))
  one.forEach((value, i) => expect(Math.abs(value - (other[i] ?? NaN)) / size).toBeLessThan(1e-5))
}

describe('algebra', () => {
  it('adds as vectors do', () => {
    fc.assert(
      fc.property(directions, directions, directions, (a, b, c) => {
        expectSame(
          gap(add(a, b)),
          gap(a).map((value, i) => value + (gap(b)[i] ?? 0))
        )
        expectSame(gap(add(a, b)), gap(add(b, a)))
        expectSame(gap(add(add(a, b), c)), gap(add(a, add(b, c))))
        expect(new Set(add(a, b).sha256.split('+'))).toEqual(new Set([a.sha256, b.sha256]))
      })
    )
  })

  it('scales as vectors do; twice a direction is its sum with itself, and less itself it is nothing', () => {
    fc.assert(
      fc.property(directions, factors, factors, (a, x, y) => {
        expectSame(
          gap(scale(a, x)),
          gap(a).map((value) => x * value)
        )
        expectSame(gap(scale(scale(a, x), y)), gap(scale(a, x * y)))
        expectSame(gap(add(scale(a, x), scale(a, y))), gap(scale(a, x + y)))
        expectSame(gap(add(a, a)), gap(scale(a, 2)))
        expect(gap(add(a, scale(a, -1))).every((value) => value === 0)).toBe(true)
        expect(length(scale(a, x).vector)).toBeCloseTo(1, 6)
        expect(scale(a, -2).midpoint).toBe(-a.midpoint)
      })
    )
  })

  it('takes a direction out of another', () => {
    fc.assert(
      fc.property(directions, directions, directions, (a, b, c) => {
        fc.pre(Math.abs(cosine(a, b)) < 0.99 && Math.abs(cosine(a, c)) < 0.99 && Math.abs(cosine(b, c)) < 0.99)
        const rest = orthogonalize(a, b)
        expect(cosine(rest, b)).toBeCloseTo(0, 5)
        expect(rest.norm).toBeLessThanOrEqual(a.norm * (1 + 1e-6))
        expectSame(gap(orthogonalize(rest, b)), gap(rest))
        expectSame(gap(orthogonalize(a, b, b)), gap(rest))
      })
    )
    fc.assert(
      fc.property(directions, (a) => {
        expect(() => orthogonalize(a, scale(a, -2))).toThrow('nothing is left of it')
      })
    )
  })

  it('keeps the midpoint of directions from the same hidden states', async () => {
    const base = planted(20, 1, 1, { layers: 1 })
    const contrast = adapter(moved(base, 2, 2), base)
    const [[means], [other]] = [await extract(contrast), await extract(contrast, { method: 'pca-pooled' })]
    if (!means || !other) throw new Error('two directions')
    const { vector, midpoint } = add(scale(means, 2), scale(other, -0.5))
    const middle = meanRow({ data: Float32Array.from([...base.data, ...contrast.positive.data]), rows: 40, width: 16 })
    expect(midpoint).toBeCloseTo(dot(vector, middle), 5)
  })

  it('refuses to mix layers, models and widths, with both names', () => {
    fc.assert(
      fc.property(directions, (a) => {
        const q4 = { ...a, model: { ...model, dtype: 'q4' } }
        expect(() => add(a, { ...a, layer: 3 })).toThrow('layer 2 of folder:planted (fp32), width 6 and for layer 3 of')
        expect(() => cosine(a, q4)).toThrow('folder:planted (q4)')
      }),
      { numRuns: 1 }
    )
  })
})

describe('methods equal numpy and scikit-learn', () => {
  const side = (values: readonly (readonly number[])[]): HiddenStates => {
    const { data, rows, width } = stackRows(values.map((row) => Float32Array.from(row)))
    const prompt = values.map((_, i) => i)
    return { model, position: 'last', layers: 1, rows, width, data: Float32Array.from(data), prompt }
  }
  const negative = side(known.negative)
  const contrast = adapter({ ...side(known.positive), model: tuned }, negative)
  const within = (): DoubleRows =>
    stackRows(
      [known.positive, known.negative].flatMap((values) => {
        const rows = stackRows(values.map((row) => Float64Array.from(row)))
        const { data, width } = shiftedRows(rows, meanRow(rows))
        return values.map((_, i) => data.subarray(i * width, (i + 1) * width))
      })
    )

  it.each<Exclude<Method, 'logistic'>>(['difference-in-means', 'pca-paired', 'pca-pooled', 'linear-discriminant'])(
    '%s',
    async (method) => {
      const [direction] = await extract(contrast, { method })
      known[method].forEach((value, i) => expect(direction?.vector[i]).toBeCloseTo(value, 5))
    }
  )

  it('the shrinkage of Ledoit and Wolf', () => {
    const { rows, width } = within()
    expect(ledoitWolf(gram(within()), rows, width).shrinkage).toBeCloseTo(known.shrinkage, 10)
  })

  it('the probe', () => {
    const all = stackRows([...known.positive, ...known.negative].map((row) => Float64Array.from(row)))
    const labels = Int8Array.from({ length: all.rows }, (_, i) => (i < known.positive.length ? 1 : -1))
    const kernel = centredGram(gram(all), all.rows)
    const { weights, bias } = fitLogistic(kernel, labels, known.penalty)
    const vector = weightedSum(all, weights)
    known.probe.forEach((value, i) => expect(vector[i]).toBeCloseTo(value, 5))
    // Ours is about the mean row.
    expect(bias - dot(vector, meanRow(all))).toBeCloseTo(known.bias, 5)
  })
})

describe('controls', () => {
  it('have the place and the gap of the direction, and another vector', async () => {
    const base = planted(30, 0, 1, { layers: 2 })
    const contrast = adapter(moved(base, 4, 2), base)
    const [, direction] = await extract(contrast)
    if (!direction) throw new Error('two layers')
    const controls = gaussianControls(direction, 3, 1)
    expect(controls).toHaveLength(3)
    for (const control of controls) {
      expect(control).toMatchObject({ layer: 1, norm: direction.norm, model: direction.model, method: 'gaussian' })
      expect(length(control.vector)).toBeCloseTo(1, 6)
      expect(Math.abs(cosine(control, direction))).toBeLessThan(0.9)
    }
  })
})

describe('carrying', () => {
  const receiver = { ...model, id: 'folder:other', sha256: 'o' }
  const texts = planted(90, 0, 5, { layers: 2 })
  /** The receiver sees every text through one fixed linear map to 9 dimensions. */
  const through = (rows: DoubleRows): DoubleRows => {
    const { data } = planted(9, 0, 7, { layers: 1 })
    return { data: crossGram(rows, { data: Float64Array.from(data), rows: 9, width: 16 }), rows: rows.rows, width: 9 }
  }
  const seen = through({ data: Float64Array.from(texts.data.subarray(90 * 16)), rows: 90, width: 16 })
  const theirs: HiddenStates = { ...texts, model: receiver, layers: 1, width: 9, data: Float32Array.from(seen.data) }
  const fitted = (on: MapTask): LayerMap => layerMap(on, fitRidge(on.donor.rows, on.receiver.rows, { seed: 1 }))
  const task = mapTask({ states: texts, layer: 1 }, { states: theirs, layer: 0 })

  it('takes a direction where the map takes it, with its gap, and names both ends', async () => {
    const base = planted(30, 0, 1)
    const direction = (await extract(adapter(moved(base, 4, 2), base)))[1]
    if (!direction) throw new Error('two layers')
    const carried = carry(fitted(task), direction)
    const image = through(stackRows([direction.vector]))
    expect(carried).toMatchObject({ model: receiver, layer: 0, method: 'carried', sha256: direction.sha256 })
    expect(Math.abs(dot(carried.vector, image.data)) / length(image.data)).toBeGreaterThan(0.999)
    expect(carried.norm / (direction.norm * length(image.data))).toBeCloseTo(1, 2)
    const broken = fitted(shuffledPairing(task, 1))
    expect(broken.ridge.r2).toBeLessThan(0.1)
    expect(() => carry(fitted(task), { ...direction, layer: 0 })).toThrow('asked for at layer 1')
    expect(() => carry(fitted(task), carried)).toThrow('direction is for folder:other')
  })

  it('pairs the same texts only', () => {
    const other = { ...theirs, prompt: theirs.prompt.map((prompt) => prompt + 1) }
    expect(() => mapTask({ states: texts, layer: 0 }, { states: other, layer: 0 })).toThrow(
      '90 texts against 90 others'
    )
  })
})
