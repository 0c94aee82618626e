import { expect, it } from 'vitest'
import { browserOutcome, unitOutcome } from '../../scripts/busy.mjs'

const test = (fullName: string, status: string): object => ({ fullName, status })

it('names the unit tests that failed, and files that could not be read; what was skipped did not run', () => {
  const testResults = [
    {
      name: 'a.test.ts',
      status: 'failed',
      assertionResults: [test('one', 'passed'), test('two', 'failed'), test('three', 'skipped')]
    },
    { name: 'b.test.ts', status: 'failed', assertionResults: [] }
  ]
  expect(unitOutcome(JSON.stringify({ testResults }))).toEqual({ ran: 2, failures: ['two', 'b.test.ts'] })
})

it('names the browser tests that failed, however deep, and what kept them from running', () => {
  const suites = [{ specs: [{ title: 'one', ok: true }], suites: [{ specs: [{ title: 'two', ok: false }] }] }]
  const errors = [{ message: 'no browser' }]
  expect(browserOutcome(JSON.stringify({ suites, errors }))).toEqual({ ran: 2, failures: ['two', 'no browser'] })
})
