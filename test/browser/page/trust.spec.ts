/** What the page contacts and keeps: no host that only a file names, and no secret anywhere. */
import { readFile } from 'node:fs/promises'
import { expect, type Page } from '@playwright/test'
import { readZip } from '../../../src/formats/zip'
import { presetSettings } from '../../../src/study/presets'
import { test } from '../fake-site'
import { recordRequests } from './page-steps'

const secret = 'hf_PLANTEDsecret'

async function openStudy(page: Page, url: string): Promise<void> {
  await page.goto(`${url}?cell=60#/study`)
  await expect(page.getByRole('button', { name: 'Start the study' })).toBeVisible()
}

/** All that this browser keeps for the site, and the address. */
function everythingKept(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(new Error(String(request.error)))
      })
    const found: unknown[] = [location.href, document.title, { ...localStorage }, { ...sessionStorage }, history.state]
    for (const { name = '' } of await indexedDB.databases()) {
      const database = await done(indexedDB.open(name))
      for (const store of database.objectStoreNames) {
        const from = database.transaction(store).objectStore(store)
        const [keys, values] = await Promise.all([done(from.getAllKeys()), done<unknown[]>(from.getAll())])
        found.push(name, store, keys, values)
        for (const value of values) if (value instanceof Blob) found.push(await value.text())
      }
      database.close()
    }
    for (const name of await caches.keys())
      for (const { url, headers } of await (await caches.open(name)).keys()) found.push(url, [...headers])
    const walk = async (folder: FileSystemDirectoryHandle): Promise<void> => {
      for await (const [name, handle] of folder.entries()) {
        found.push(name)
        if (handle.kind === 'directory') await walk(handle)
        else found.push(await (await handle.getFile()).text())
      }
    }
    await walk(await navigator.storage.getDirectory())
    return JSON.stringify(found)
  })
}

test('a token and a signed address are in nothing that is kept, saved, linked or logged', async ({ page, fakeUrl }) => {
  const logged: string[] = []
  page.on('console', (message) => logged.push(message.text()))
  await openStudy(page, fakeUrl)
  await page.getByRole('radio', { name: 'Custom' }).check()
  await page.getByText('Add a model of your own').click()
  await page.getByLabel('Repository of the model').fill('owner/private')
  await page.getByLabel('Token, kept in memory only').fill(secret)
  await page.getByRole('button', { name: 'Add', exact: true }).first().click()
  await page.getByLabel('Folder that holds config.json').fill(`https://models.example/folder/?sig=${secret}`)
  await page.getByRole('button', { name: 'Add', exact: true }).last().click()
  for (const title of ['private', 'folder']) {
    await page.getByRole('button', { name: `Attach an adapter to ${title}` }).click()
    await page.getByText('From the hub or an address').click()
    await page.getByLabel('Repository of the adapter').fill('owner/insecure')
    await page.getByLabel('Token, kept in memory only').first().fill(secret)
    await page.getByRole('button', { name: 'Attach', exact: true }).first().click()
    await page.getByRole('button', { name: `Attach an adapter to ${title}` }).click()
  }
  await page.getByRole('button', { name: 'Start the study' }).click()
  await expect(page.getByText(/^[1-9]\d\d of 4,000 answers/)).toBeVisible()
  await page.getByRole('button', { name: 'Stop and keep what is finished' }).click()
  const kept = page.getByRole('region', { name: 'Kept studies' })
  await expect(kept).toContainText('An unfinished study')
  const everything = await everythingKept(page)
  expect(everything).toContain('owner/private')
  expect(everything).not.toContain(secret)
  for (const name of ['Download', 'Save the settings']) {
    const saved = page.waitForEvent('download')
    await page.getByRole('button', { name, exact: true }).click()
    const bytes = await readFile(await (await saved).path())
    const texts =
      name === 'Download' ? [...(await readZip(new Uint8Array(bytes), () => 1 << 26)).files.values()] : [bytes]
    expect(texts.map((text) => Buffer.from(text).toString('latin1')).join('\n')).not.toContain(secret)
  }
  expect(await page.content()).not.toContain(secret)
  expect(logged.join('\n')).not.toContain(secret)
})

test('a host that only a file names is asked for by its name before anything goes there', async ({ page, fakeUrl }) => {
  const urls = recordRequests(page)
  await openStudy(page, fakeUrl)
  const demo = presetSettings('demo')
  const models = demo.models.map((model) => ({
    ...model,
    source: { kind: 'hub' as const, repo: 'owner/name', endpoint: 'https://hub.example:8443' }
  }))
  await page.locator('input[data-settings]').setInputFiles({
    name: 'stranger.json',
    mimeType: 'application/json',
    buffer: Buffer.from(JSON.stringify({ ...demo, models }))
  })
  const start = page.getByRole('button', { name: 'Start the study' })
  const dialog = page.getByRole('alertdialog', { name: 'Load models from hub.example:8443?' })
  for (const refuse of ['Escape', 'Enter']) {
    await start.press('Enter')
    await expect(dialog.getByRole('button', { name: 'Do not load' })).toBeFocused()
    await page.keyboard.press(refuse)
    await expect(dialog).toBeHidden()
    await expect(start).toBeFocused()
  }
  await start.press('Enter')
  await page.keyboard.press('Tab')
  await expect(dialog.getByRole('button', { name: 'Load from hub.example:8443' })).toBeFocused()
  expect(urls.filter((url) => url.includes('hub.example'))).toEqual([])
  await page.keyboard.press('Enter')
  await expect(page.getByText('of 4,000 answers')).toBeVisible()
})

test('data that is cleared under a running study ends it with what happened and the way on', async ({
  page,
  fakeUrl
}) => {
  await openStudy(page, fakeUrl)
  await page.getByRole('button', { name: 'Start the study' }).click()
  await expect(page.getByText(/^[1-9]\d\d of 4,000 answers/)).toBeVisible()
  const session = await page.context().newCDPSession(page)
  const origin = new URL(page.url()).origin
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes: 'indexeddb' })
  const alert = page.getByRole('alert')
  await expect(alert).toContainText('The data of this site was cleared while the study ran')
  await alert.getByRole('button', { name: 'Start it again' }).click()
  await expect(page.getByText(/of 4,000 answers/)).toBeVisible()
})

test('an unfinished study is unpacked in a worker, and one that unpacks to gigabytes is refused', async ({
  page,
  fakeUrl
}) => {
  await openStudy(page, fakeUrl)
  const spawned = page.waitForEvent('worker', (worker) => /study-file/.test(worker.url()))
  const { writeZip } = await import('../../../src/formats/zip-write')
  const zeros = new Uint8Array(36 << 20)
  const zip = await writeZip([
    { path: 'cells/0.f32', bytes: zeros },
    { path: 'cells/1.f32', bytes: zeros },
    { path: 'journal.jsonl', bytes: new TextEncoder().encode('') }
  ])
  const file = { name: 'bomb.zip', mimeType: 'application/zip', buffer: Buffer.from(zip) }
  await page.locator('input[accept=".zip"]').setInputFiles(file)
  await spawned
  await expect(page.getByRole('alert')).toBeVisible()
  await page.getByRole('alert').getByText('What happened').click()
  await expect(page.getByRole('alert')).toContainText('unpacks to more than')
  await expect(page.getByRole('region', { name: 'Kept studies' })).toBeHidden()
})
