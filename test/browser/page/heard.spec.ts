/** What a reader without a mouse or a screen meets: the focus stays, titles and messages say where the page is. */
import { expect } from '@playwright/test'
import { test } from '../fake-site'
import { expectAccessible } from './accessible'
import { fit } from './page-steps'

test('the focus stays on Ask while it is Stop, and what happens is said once', async ({ page, fakeUrl }) => {
  await page.goto(`${fakeUrl}?delay=60&layers=4`)
  await expect(page).toHaveTitle('Steer \u00b7 Azimuth')
  await page.evaluate(() => (location.hash = '#/models'))
  await expect(page).toHaveTitle('Models \u00b7 Azimuth')
  await page.getByRole('button', { name: /Open from the hub/ }).click()
  await expect(page.getByRole('region', { name: 'Model card' })).toBeVisible()
  await fit(page)
  const button = page.getByRole('button', { name: 'Ask', exact: true })
  await button.focus()
  await page.keyboard.press('Enter')
  const stop = page.getByRole('main').getByRole('button', { name: 'Stop', exact: true })
  await expect(stop).toBeFocused()
  await expect(page.getByText('The model is answering.')).toBeAttached()
  await page.keyboard.press('Enter')
  await expect(button).toBeFocused()
  await expect(page.getByText('The model is answering.')).not.toBeAttached()
  await expect(page.getByRole('link', { name: 'Models, done', exact: true })).toBeVisible()
})

test('a page over plain http from another machine says how to open it', async ({ page, baseURL }) => {
  // Fulfilled and not continued: the page keeps the address that no browser trusts.
  await page.route('http://lab.test:8080/**', async (route) => {
    const { pathname } = new URL(route.request().url())
    await route.fulfill({ response: await route.fetch({ url: new URL(pathname, baseURL).href }) })
  })
  await page.goto('http://lab.test:8080/')
  await expect(page.getByRole('heading', { name: 'This page needs a secure address' })).toBeVisible()
  await expect(page.getByRole('link', { name: 'https://lab.test' })).toBeVisible()
  await expect(page.getByText('http://localhost:8080/', { exact: true })).toBeVisible()
  await expectAccessible(page)
})

test('a link opened in a tab that runs the lab is followed', async ({ page, fakeUrl }) => {
  const link = (model: string, question: string): string =>
    `#/steer?${new URLSearchParams({ model: `hub:${model}`, question }).toString()}`
  await page.goto(`${fakeUrl}?delay=1&layers=4${link('fake/first', 'one')}`)
  await page.getByRole('button', { name: /^Open .*first/ }).click()
  await expect(page.getByRole('complementary').getByRole('button', { name: 'first', exact: true })).toBeVisible()
  await page.goto(`${fakeUrl}?delay=1&layers=4${link('fake/second', 'two')}`)
  await expect(page.getByLabel('Question')).toHaveValue('two')
  await page.getByRole('button', { name: /^Open .*second/ }).click()
  await expect(page.getByRole('complementary').getByRole('button', { name: 'second', exact: true })).toBeVisible()
})
