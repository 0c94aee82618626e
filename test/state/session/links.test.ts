/** Whoever follows a link steers by the direction that its sender steered by, or is told what differs. */
import { describe, expect, it } from 'vitest'
import type { Direction } from '../../../src/direction/direction'
import { writeDirections } from '../../../src/direction/files/files'
import { Lab } from '../../../src/state/lab.svelte'
import { fakeOutside, type FakeOptions } from '../../fake-lab'

const source = { kind: 'hub', repo: 'owner/fake' } as const
const newLab = (options: FakeOptions = {}): Lab => new Lab(fakeOutside({ layers: 6, ...options }))

async function sender(options: FakeOptions = {}): Promise<Lab> {
  const lab = newLab(options)
  lab.contrast.kind = 'lists'
  await lab.opening.choose(source)
  await lab.inUse.run()
  return lab
}

async function receiver(link: string, options: FakeOptions = {}): Promise<Lab> {
  const lab = newLab(options)
  lab.address.follow(link)
  await lab.first.begin()
  return lab
}

const inUse = (lab: Lab): Direction => {
  const found = lab.inUse.fit?.directions.find(({ layer }) => layer === lab.fits.layer)
  if (!found) throw new Error('there is no direction in use')
  return found
}
const sentences = (lab: Lab): string => lab.sharing.notices.join(' ')

describe('a link holds the direction in use', () => {
  it('by the method that it was fitted with, whatever the form says now', async () => {
    const one = await sender()
    one.fits.method = 'linear-discriminant'
    const other = await receiver(one.address.link)
    expect(inUse(other)).toEqual(inUse(one))
    expect(sentences(other)).toContain('the same to the bit')
  })

  it('by the lists that it was fitted on, whatever they say now', async () => {
    const one = await sender()
    one.prompts.setPositive({ name: 'formal', text: 'Dear sir\nYours faithfully' })
    const other = await receiver(one.address.link)
    expect(inUse(other)).toEqual(inUse(one))
  })

  it('by lists of any usual length', async () => {
    const one = newLab()
    one.contrast.kind = 'lists'
    const text = (word: string): string =>
      Array.from({ length: 90 }, (_, i) => `Say it ${word}, number ${i}`).join('\n')
    one.prompts.setPositive({ name: 'formal', text: text('happy') })
    one.prompts.setNegative({ name: 'slang', text: text('sad') })
    expect(one.prompts.positiveText.length).toBeGreaterThan(1500)
    await one.opening.choose(source)
    await one.inUse.run()
    const other = await receiver(one.address.link)
    expect(other.inUse.fit).toMatchObject({ positiveName: 'formal', negativeName: 'slang' })
    expect(inUse(other)).toEqual(inUse(one))
  })

  it('by its numbers where no recipe makes it again', async () => {
    const one = await sender()
    const files = writeDirections([inUse(one)], { format: 'safetensors', name: 'mine' })
    await one.inUse.take(files, null)
    expect(one.inUse.fit?.kind).toBe('imported')
    const other = await receiver(one.address.link)
    expect(other.inUse.fit).toMatchObject({ kind: 'imported', source: 'link', name: 'mine' })
    expect(inUse(other)).toEqual(inUse(one))
    expect(sentences(other)).toBe('')
    // And on, from hand to hand.
    expect(inUse(await receiver(other.address.link))).toEqual(inUse(one))
  })

  it('by its numbers where the adapter has changed since', async () => {
    const one = await sender()
    await one.models.adapters?.load({ kind: 'hub', repo: 'owner/lora' })
    const other = await receiver(one.address.link)
    expect(other.models.adapters?.used?.id).toBe(one.models.adapters?.used?.id)
    expect(inUse(other).vector).toEqual(inUse(one).vector)
  })

  it('or says what differs where it cannot be the same', async () => {
    const one = await sender()
    const other = await receiver(one.address.link, { info: { sha256: 'b'.repeat(64), dtype: 'q8' } })
    expect(sentences(other)).toMatch(/not the sender's to the bit.*there q4 on .*here q8 on .*gap/s)
    other.fits.method = 'pca-pooled'
    await other.inUse.run()
    expect(sentences(other)).toBe('')
  })

  it('and is not put into another model', async () => {
    const one = await sender()
    await one.inUse.take(writeDirections([inUse(one)], { format: 'safetensors', name: 'mine' }), null)
    const other = await receiver(one.address.link, { info: { sha256: 'b'.repeat(64) } })
    expect(other.inUse.fit).toBeNull()
    expect(sentences(other)).toMatch(/not put in use: direction is for/)
  })
})

describe('a link that is damaged or too long', () => {
  it.each(['vector', 'packed'])('says so for %s', (name) => {
    const one = newLab()
    one.address.follow(`#/steer?model=hub:owner/fake&${name}=abc`)
    expect(sentences(one)).toContain('cut or changed')
  })

  it('names what it leaves out, for its sender and for its reader', async () => {
    const one = newLab()
    one.prompts.setPositive({ name: 'long', text: Array.from({ length: 9000 }, (_, i) => Math.sin(i)).join('\n') })
    expect(one.sharing.leftOut).toContain('the positive list')
    const other = newLab()
    other.address.follow(one.address.link)
    expect(sentences(other)).toContain('leaves out the positive list')
  })
})

describe('a link of what is here already', () => {
  it('leaves the next contrast as it is', async () => {
    const one = await sender()
    const before = one.address.link
    one.prompts.setPositive({ name: 'edited', text: 'a\nb' })
    one.fits.method = 'pca-pooled'
    one.address.follow(before)
    expect(one.prompts.positiveName).toBe('edited')
    expect(one.fits.method).toBe('pca-pooled')
    expect(one.address.link).toBe(before)
  })
})
