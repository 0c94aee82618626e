import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cholesky, forwardSolve, solve } from '../../src/math/cholesky'
import { principalComponents } from '../../src/math/components'
import { gaussianUnits, orthogonalUnits, orthonormal, subspaceUnits } from '../../src/math/controls'
import { centredCross, centredGram, crossGram, gram, subMatrix } from '../../src/math/gram'
import { gaussian, seeded } from '../../src/math/random'
import { carry, fitRidge, mapRows } from '../../src/math/ridge'
import { meanRow, rowOf, shiftedRows, stackRows, type DoubleRows } from '../../src/math/rows'
import { cosine, dot, length } from '../../src/math/vector'
import reference from './reference.json'

const { algebra, ridge } = reference

const rowsOf = (values: readonly (readonly number[])[]): DoubleRows =>
  stackRows(values.map((row) => Float64Array.from(row)))
const near = (values: ArrayLike<number>, expected: readonly number[]): void => {
  expect(values.length).toBe(expected.length)
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 8))
}

/** Normal rows. */
function noise(rows: number, width: number, seed: number): DoubleRows {
  return { data: Float64Array.from({ length: rows * width }, gaussian(seeded(seed))), rows, width }
}

it('rows of no vectors are none, and their mean is empty', () => {
  expect(stackRows([])).toEqual({ data: new Float64Array(), rows: 0, width: 0 })
  expect(meanRow(stackRows([]))).toEqual(new Float64Array())
})

describe('equal to numpy', () => {
  const rows = rowsOf(algebra.rows)
  const right = Float64Array.from(algebra.right.flat())

  it('Gram matrices', () => {
    near(gram(rows), algebra.gram.flat())
    near(crossGram(rows, rows), algebra.gram.flat())
  })

  it('Cholesky and what is solved with it', () => {
    const factor = cholesky(Float64Array.from(algebra.gram.flat()), 9, 0.5)
    near(factor, algebra.cholesky.flat())
    near(solve(factor, 9, right), algebra.solved.flat())
  })

  it('principal components, up to their sign', () => {
    const components = principalComponents(rows, 4)
    components.forEach((component, i) => {
      const expected = Float64Array.from(algebra.components[i] ?? [])
      expect(Math.abs(cosine(component, expected))).toBeCloseTo(1, 8)
      expect(length(component)).toBeCloseTo(1, 8)
    })
  })
})

describe('the kernels', () => {
  it.each([1, 3, 4, 31, 32, 33, 70, 101])('agree with plain sums at %i rows', (n) => {
    const rows = noise(n, 401, n)
    const products = gram(rows)
    for (const [i, j] of [
      [0, n - 1],
      [n - 1, 0],
      [n - 1, n - 1],
      [n >> 1, n >> 2]
    ] as const) {
      expect(products[i * n + j]).toBeCloseTo(dot(rowOf(rows, i), rowOf(rows, j)), 8)
    }
    const factor = cholesky(products, n)
    const right = noise(3, n, 1).data
    const solved = solve(factor, n, right)
    near(times(products, n, solved), [...right])
    const forward = forwardSolve(factor, n, right)
    near(times(factor, n, forward), [...right])
  })

  it('says where a matrix is not positive definite', () => {
    expect(() => cholesky(Float64Array.from([1, 2, 2, 1]), 2)).toThrow('at row 1 of 2; use a larger ridge')
  })

  it('centre a Gram matrix as if the rows had been', () => {
    const rows = noise(12, 5, 1)
    const [train, held] = [
      [0, 1, 2, 3, 4, 5, 6, 7],
      [8, 9, 10, 11]
    ]
    const part = (some: readonly number[]): DoubleRows => stackRows(some.map((row) => rowOf(rows, row)))
    const mean = meanRow(part(train))
    const all = gram(rows)
    const own = subMatrix(all, 12, train, train)
    near(centredGram(own, 8), [...gram(shiftedRows(part(train), mean))])
    const cross = centredCross(subMatrix(all, 12, held, train), 4, own, 8)
    near(cross, [...crossGram(shiftedRows(part(held), mean), shiftedRows(part(train), mean))])
  })
})

describe('ridge maps', () => {
  it.each(['primal', 'dual'] as const)(
    'equal those of scikit-learn in the %s form: curve, images, carried directions',
    (form) => {
      const [x, y] = [rowsOf(ridge.x), rowsOf(ridge.y)]
      const map = fitRidge(x, y, { lambdas: ridge.lambdas, seed: 0, order: ridge.order, form })
      expect(map.inputs === null).toBe(form === 'primal')
      near(
        map.curve.map(({ r2 }) => r2),
        ridge.curve
      )
      expect(map.lambda0).toBe(ridge.best)
      near(carry(map, ridge.direction), ridge.carried)
      near(mapRows(map, rowsOf(ridge.fresh)).data, ridge.images.flat())
    }
  )

  it('recover a planted map, and say so on rows they have not seen', () => {
    const planted = noise(30, 20, 1)
    const through = (x: DoubleRows, seed: number): DoubleRows => {
      const draw = gaussian(seeded(seed))
      const data = crossGram(x, planted).map((value) => value + 0.05 * draw() + 3)
      return { data, rows: x.rows, width: 30 }
    }
    const [x, fresh] = [noise(120, 20, 2), noise(40, 20, 3)]
    const map = fitRidge(x, through(x, 4), { seed: 1 })
    expect(map.r2).toBeGreaterThan(0.99)
    const images = mapRows(map, fresh).data
    expect(cosine(images, through(fresh, 5).data)).toBeGreaterThan(0.999)
    const direction = Float64Array.from({ length: 20 }, gaussian(seeded(6)))
    const image = crossGram(stackRows([direction]), planted)
    expect(() => carry(map, direction.subarray(1))).toThrow(`for a map from ${direction.length}`)
    const carried = carry(map, direction)
    expect(cosine(carried, image)).toBeGreaterThan(0.999)
    expect(length(carried) / length(image)).toBeCloseTo(1, 2)
  })

  it('take the form that is smaller', () => {
    const { inputs, factor } = fitRidge(noise(60, 20, 1), noise(60, 50, 2), { seed: 1 })
    expect([inputs, factor.length]).toEqual([null, 20 * 20])
    expect(fitRidge(noise(60, 80, 1), noise(60, 50, 2), { seed: 1 }).factor).toHaveLength(60 * 60)
  })

  it('find nothing between rows that have nothing in common', () => {
    expect(fitRidge(noise(60, 80, 1), noise(60, 50, 2), { seed: 1 }).r2).toBeLessThan(0.02)
  })

  it('refuse rows that do not belong together', () => {
    expect(() => fitRidge(noise(20, 3, 1), noise(21, 3, 1), { seed: 1 })).toThrow('20 rows against 21')
    expect(() => fitRidge(noise(6, 3, 1), noise(6, 3, 1), { seed: 1 })).toThrow('6 rows for 5 folds')
    const flat = { ...noise(20, 3, 1), data: new Float64Array(60) }
    expect(() => fitRidge(flat, noise(20, 3, 1), { seed: 1 })).toThrow('capture texts that differ')
  })
})

describe('control directions', () => {
  const seed = fc.integer()

  it('have unit length, and none of the length that a bare Gaussian has', () => {
    fc.assert(
      fc.property(seed, fc.integer({ min: 1, max: 300 }), (seed, width) => {
        for (const unit of gaussianUnits(3, width, seed)) expect(length(unit)).toBeCloseTo(1, 6)
      })
    )
  })

  it('are uniform: every axis has the same share', () => {
    const units = gaussianUnits(4000, 5, 1)
    for (let axis = 0; axis < 5; axis++) {
      const share = units.reduce((sum, unit) => sum + (unit[axis] ?? 0) ** 2, 0) / 4000
      expect(share).toBeCloseTo(0.2, 1)
    }
  })

  it('are orthogonal to all that they are asked to be, also where those lean on each other', () => {
    fc.assert(
      fc.property(seed, (seed) => {
        const [a, b] = gaussianUnits(2, 12, seed + 1)
        if (!a || !b) throw new Error('two vectors')
        const between = a.map((value, i) => value + (b[i] ?? 0))
        for (const unit of orthogonalUnits(3, 12, [a, b, between], seed)) {
          expect(length(unit)).toBeCloseTo(1, 6)
          for (const other of [a, b]) expect(dot(unit, other)).toBeCloseTo(0, 6)
        }
      })
    )
    const plane = [Float64Array.from([1, 0]), Float64Array.from([1, 1])]
    expect(() => orthogonalUnits(1, 2, plane, 1)).toThrow('nothing of width 2 is orthogonal to 2 vectors')
  })

  it('stay in a span and away from the direction', () => {
    const span = principalComponents(noise(20, 30, 1), 10)
    const [direction] = gaussianUnits(1, 30, 2)
    if (!direction) throw new Error('one vector')
    for (const unit of subspaceUnits(5, span, direction, 3)) {
      expect(length(unit)).toBeCloseTo(1, 6)
      expect(dot(unit, direction)).toBeCloseTo(0, 6)
      const inside = orthonormal(span).reduce((sum, axis) => sum + dot(axis, unit) ** 2, 0)
      expect(inside).toBeCloseTo(1, 6)
    }
    expect(() => subspaceUnits(1, span.slice(0, 1), direction, 1)).toThrow('it takes at least 2')
  })
})

/** A matrix of n rows times each row of `vectors`. */
function times(matrix: Float64Array, n: number, vectors: Float64Array): Float64Array {
  return crossGram({ data: vectors, rows: vectors.length / n, width: n }, { data: matrix, rows: n, width: n })
}
