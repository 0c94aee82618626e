import { expect, it } from 'vitest'
import { fromHalf, toHalf } from '../../src/math/half'

it('gives every half back', () => {
  const halves = Uint16Array.from({ length: 65536 }, (_, i) => i).filter(
    (h) => (h & 0x7c00) !== 0x7c00 || (h & 1023) === 0
  )
  expect(toHalf(fromHalf(halves))).toEqual(halves)
})

it('rounds to nearest, ties to even, and overflows to infinity', () => {
  const values = Float32Array.from([
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    65504,
    65519,
    65520,
    2 ** -25,
    1.0001 * 2 ** -25,
    -0,
    NaN
  ])
  const back = fromHalf(toHalf(values))
  expect([...back]).toEqual([1, 1 + 2 ** -9, 65504, 65504, Infinity, 0, 2 ** -24, -0, NaN])
})
