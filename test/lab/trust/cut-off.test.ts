import { expect, it } from 'vitest'
import { cutOff } from '../../../src/lab/trust/cut-off'
import type { HiddenStates } from '../../../src/direction/hidden-states'
import { hidden } from '../../formats/samples'

it('names the layer with the most numbers at the limit, and their share', () => {
  const data = new Float32Array(hidden.layers * hidden.rows * hidden.width)
  const states: HiddenStates = { ...hidden, data }
  expect(cutOff(states, 100)).toBeNull()
  data[0] = 100
  const last = (hidden.layers - 1) * hidden.rows * hidden.width
  data.set([-100, 100], last)
  const share = 2 / (hidden.rows * hidden.width)
  expect(cutOff(states, 100)).toEqual({ layer: hidden.layers - 1, share, limit: 100 })
  expect(cutOff(states, 101)).toBeNull()
})
