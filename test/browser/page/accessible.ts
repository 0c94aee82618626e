import { AxeBuilder } from '@axe-core/playwright'
import { expect, type Page } from '@playwright/test'
import { endTransitions } from './page-steps'

/** Expects axe to find nothing on the page, or in the part that a selector names; `place` stands in what is printed. */
export async function expectAccessible(page: Page, place = '', part?: string): Promise<void> {
  await endTransitions(page)
  const axe = new AxeBuilder({ page })
  const { violations } = await (part === undefined ? axe : axe.include(part)).analyze()
  expect(violations.map(({ id, nodes }) => [place, id, nodes[0]?.html])).toEqual([])
}
