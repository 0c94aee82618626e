import { describe, expect, test } from 'vitest'
import { pageFrom, sliderFill, sliderSteps } from '../../src/ui/words/slider-steps'

const alpha = { min: -3, max: 3, step: 0.05 }

describe('where a slider stands', () => {
  test('every step is the decimal that it is written as, from end to end', () => {
    const steps = sliderSteps(alpha, 0)
    expect(steps).toHaveLength(121)
    expect(steps.slice(0, 2)).toEqual([-3, -2.95])
    expect(steps[63]).toBe(0.15)
    expect(steps.at(-1)).toBe(3)
    expect(sliderSteps({ min: 0, max: 2, step: 0.75 }, 0)).toEqual([0, 0.75, 1.5])
    expect(sliderSteps({ min: 4, max: 4, step: 1 }, 4)).toEqual([4])
  })

  test('a value between two steps stays what it is', () => {
    const steps = sliderSteps({ min: 0, max: 1, step: 0.5 }, 0.33)
    expect(steps).toEqual([0, 0.33, 0.5, 1])
  })

  test('a page is a tenth of the way, and ends at the ends', () => {
    expect(pageFrom(alpha, 0, 1)).toBe(0.6)
    expect(pageFrom(alpha, 0.33, -1)).toBe(-0.25)
    expect(pageFrom(alpha, 2.8, 1)).toBe(3)
    expect(pageFrom({ min: 0, max: 5, step: 1 }, 2, -1)).toBe(1)
  })

  test('the track is filled between zero and the thumb, on either side', () => {
    expect(sliderFill(alpha, 1.5, 0)).toEqual({ start: 50, end: 75 })
    expect(sliderFill(alpha, -3, 0)).toEqual({ start: 0, end: 50 })
    expect(sliderFill(alpha, 1, undefined)).toBeNull()
    expect(sliderFill({ min: 0, max: 0, step: 1 }, 0, 0)).toBeNull()
  })
})
