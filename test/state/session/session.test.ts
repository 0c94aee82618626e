/** What a tab has open is there again after a reload, and no tab takes another's. */
import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import { memoryShelf, type Shelf } from '../../../src/storage/shelf'
import type { Lab } from '../../../src/state/lab.svelte'
import { stepsOf } from '../../../src/state/steps'
import { textOf } from '../../../src/state/steer/comparison'
import { Browser } from './tabs'

const source = { kind: 'hub', repo: 'owner/fake', token: 'hf_secret' } as const

/** Two fits on a model with an adapter, and an answer. */
async function work(lab: Lab): Promise<void> {
  lab.contrast.kind = 'lists'
  lab.chat.maxTokens = 6
  await lab.opening.choose(source)
  await lab.inUse.run()
  lab.fits.method = 'pca-pooled'
  await lab.inUse.run()
  lab.fits.layer = 2
  await lab.models.adapters?.load({ kind: 'hub', repo: 'owner/lora' })
  await lab.first.ask()
}

describe('a session', () => {
  it('is there again after a reload, before any model is open', async () => {
    const tab = new Browser().tab()
    const before = await tab.load()
    await work(before)
    const after = await tab.reload(before)
    expect(after.models.list).toEqual([])
    // Directions name their model by what tells it apart, the engine by its whole card.
    expect(after.fits.list).toHaveLength(2)
    expect(before.fits.list).toMatchObject(after.fits.list)
    expect(before.fits.chosen).toMatchObject({ ...after.fits.chosen })
    expect(after.fits.layer).toBe(2)
    expect(before.chat.shown).toMatchObject({ ...after.chat.shown })
    expect(after.chat.shown?.answers).toEqual(before.chat.shown?.answers)
    expect(after.chat.shown?.circumstances.directions).toBe(after.fits.chosen)
    expect(stepsOf(after).find(({ view }) => view === 'directions')?.state).toBe('done')
    expect(after.address.link).toBe(before.address.link)
  })

  it('opens its models again by one press, with their adapters, and steers by what is there', async () => {
    const tab = new Browser().tab()
    const before = await tab.load()
    await work(before)
    await before.models.adapters?.setScale(0.5)
    await before.first.ask()
    await before.opening.choose({ kind: 'hub', repo: 'owner/second' })
    const [first] = before.models.list
    if (first) before.models.choose(first)
    await before.first.ask()
    const after = await tab.reload(before)
    expect(after.session.waiting.list.map(({ name }) => name)).toEqual(['fake', 'second'])
    await after.session.waiting.resume()
    expect(after.models.list.map(({ name }) => name)).toEqual(['fake', 'second'])
    expect(after.models.chosen?.name).toBe('fake')
    expect(after.models.adapters?.used?.id).toBe(before.models.adapters?.used?.id)
    expect(after.models.adapters?.scale).toBe(0.5)
    expect(after.session.waiting.list).toEqual([])
    expect(before.inUse.fit).toMatchObject({ ...after.inUse.fit })
    const fitted = after.fits.list.length
    await after.first.begin()
    expect(after.fits.list).toHaveLength(fitted)
    await after.first.ask()
    expect(after.chat.shown?.answers.map(textOf)).toEqual(before.chat.shown?.answers.map(textOf))
  })

  it('keeps its models while they wait, also over another reload', async () => {
    const tab = new Browser().tab()
    const before = await tab.load()
    await work(before)
    const after = await tab.reload(await tab.reload(before))
    expect(after.session.waiting.list).toHaveLength(1)
    after.session.waiting.forget()
    expect((await tab.reload(after)).session.waiting.list).toEqual([])
  })

  it('says what has changed, and what has to be chosen again', async () => {
    const tab = new Browser().tab()
    const before = await tab.load()
    await work(before)
    await before.models.adapters?.load({ kind: 'zip', name: 'mine.zip', blob: new Blob() })
    const after = await tab.reload(before, { info: { sha256: 'b'.repeat(64) } })
    await after.session.waiting.resume()
    expect(after.session.waiting.notices.join(' ')).toMatch(/not the same model as before.*mine.*attach it again/s)
  })

  it('holds no token', async () => {
    const shelf = memoryShelf()
    const tab = new Browser(shelf).tab()
    const lab = await tab.load()
    await work(lab)
    await lab.opening.choose({ kind: 'url', url: 'https://user:pw@models.example/one?signature=secret' })
    lab.session.note()
    await lab.flush()
    const text = JSON.stringify([...(await shelf.all('sessions'))])
    expect(text).toContain('models.example/one')
    expect(text).not.toMatch(/hf_secret|signature|pw@/)
  })

  it('keeps the lists that are being written apart from those of the direction in use', async () => {
    const tab = new Browser().tab()
    const before = await tab.load()
    await work(before)
    before.prompts.setPositive({ name: 'next', text: 'one\ntwo' })
    const after = await tab.reload(before)
    expect(after.prompts.positiveName).toBe('next')
    expect(after.fits.chosen?.positiveName).toBe('gloomy')
  })
})

describe('two tabs', () => {
  it('do not overwrite each other', async () => {
    const browser = new Browser()
    const [one, two] = [browser.tab(), browser.tab()]
    const first = await one.load()
    await work(first)
    first.session.note()
    await first.flush()
    const second = await two.load()
    expect(second.fits.list).toEqual([])
    second.prompts.setPositive({ name: 'other', text: 'a\nb' })
    second.session.note()
    await second.flush()
    const after = await one.reload(first)
    expect(after.fits.list).toHaveLength(2)
    expect(after.prompts.positiveName).toBe('gloomy')
    expect((await two.reload(second)).prompts.positiveName).toBe('other')
  })

  it('part ways where one was duplicated', async () => {
    const browser = new Browser()
    const one = browser.tab()
    const first = await one.load()
    await work(first)
    first.session.note()
    await first.flush()
    const copy = await one.duplicate().load(first.address.link, { reloaded: true })
    expect(copy.fits.list).toHaveLength(2)
    const [gone] = copy.fits.list
    if (gone) copy.fits.remove(gone)
    copy.session.note()
    await copy.flush()
    expect((await one.reload(first)).fits.list).toHaveLength(2)
  })

  it('a new one has the last session; one that came by a link has its own, and can bring that one back', async () => {
    const browser = new Browser()
    const one = browser.tab()
    const first = await one.load()
    await work(first)
    first.session.note()
    await first.flush()
    one.close()
    const linked = await browser.tab().load('#/steer?model=hub:owner/other&alpha=0.5')
    expect(linked.fits.list).toEqual([])
    const { earlier } = linked.session
    if (!earlier) throw new Error('no session is offered')
    await linked.session.bringBack(earlier, { follows: false })
    expect(linked.fits.list).toHaveLength(2)
    const fresh = browser.tab()
    expect((await fresh.load()).fits.list).toHaveLength(2)
  })
})

describe('a browser that is full', () => {
  it('loses nothing of the page, says so, and keeps it when there is room again', async () => {
    const shelf = memoryShelf()
    let isFull = true
    const narrow: Shelf = {
      ...shelf,
      put: async (box, key, value) => {
        if (isFull && box.startsWith('session')) throw new LabError('quota', 'no room left: delete a model')
        await shelf.put(box, key, value)
      }
    }
    const tab = new Browser(narrow).tab()
    const lab = await tab.load()
    await work(lab)
    lab.session.note()
    await lab.flush()
    expect(lab.session.keeping.error).toMatchObject({ code: 'quota' })
    expect(lab.fits.list).toHaveLength(2)
    isFull = false
    expect((await tab.reload(lab)).fits.list).toHaveLength(2)
  })

  it('keeps the newest directions, and says what leaves', async () => {
    const tab = new Browser().tab()
    const lab = await tab.load()
    await work(lab)
    const [one] = lab.fits.list
    if (!one) throw new Error('nothing was fitted')
    lab.fits.restore(Array.from({ length: 30 }, () => ({ ...one })))
    lab.session.note()
    await lab.flush()
    expect(lab.session.notice).toContain('8 oldest directions are not kept')
    const after = await tab.reload(lab)
    expect(after.fits.list).toHaveLength(24)
    expect(lab.fits.chosen).toMatchObject({ ...after.fits.chosen })
  })
})
