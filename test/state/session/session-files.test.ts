/** A session as a file: everything comes back in another browser, and nothing unsafe goes in or comes out. */
import { describe, expect, it } from 'vitest'
import { readZip } from '../../../src/formats/zip'
import { writeZip } from '../../../src/formats/zip-write'
import type { Lab } from '../../../src/state/lab.svelte'
import { makeSet, plainRow } from '../../../src/state/prompts/prompt-set'
import { textOf } from '../../../src/state/steer/comparison'
import { Browser } from './tabs'

async function sender(): Promise<Lab> {
  const lab = await new Browser().tab().load()
  lab.contrast.kind = 'lists'
  lab.chat.maxTokens = 6
  lab.prompts.setPositive({ name: 'formal', text: 'Dear sir\nYours faithfully\nWith regards' })
  await lab.opening.choose({ kind: 'hub', repo: 'owner/fake', token: 'hf_secret' })
  await lab.models.adapters?.load({ kind: 'url', url: 'https://host.example/lora?signature=secret' })
  await lab.inUse.run()
  lab.saved.save(lab.fits.list[0] ?? fail(), 2, 'mine')
  lab.sets.add(makeSet('questions', 'eval', [plainRow('1', 'How are you?')]))
  const { active } = lab.models
  if (active) await lab.captures.run(active, [lab.sets.positive], 'every')
  await lab.first.ask()
  return lab
}

const fail = (): never => {
  throw new Error('nothing was fitted')
}
const bytesOf = async (lab: Lab): Promise<Uint8Array> => new Uint8Array(await (await lab.sharing.save()).arrayBuffer())

const blob = (file: Uint8Array): Blob => new Blob([Uint8Array.from(file)])

/** The file with its document changed. */
async function changed(file: Uint8Array, change: (document: Record<string, unknown>) => void): Promise<Uint8Array> {
  const { files } = await readZip(file, () => 2 ** 30)
  const document = JSON.parse(new TextDecoder().decode(files.get('session.json'))) as Record<string, unknown>
  change(document)
  const encoded = new TextEncoder().encode(JSON.stringify(document))
  return writeZip(Array.from(files, ([path, bytes]) => ({ path, bytes: path === 'session.json' ? encoded : bytes })))
}

describe('a session file', () => {
  it('brings everything to another browser, and says what it brought', async () => {
    const one = await sender()
    const file = await bytesOf(one)
    const other = await new Browser().tab().load()
    expect(await other.sharing.open(blob(file))).toBe(
      'Added 2 directions, 1 comparison, 1 prompt set, 1 capture. Its model is not open: press Resume on the bench.'
    )
    expect(one.fits.chosen).toMatchObject({ ...other.fits.chosen })
    expect(other.fits.layer).toBe(one.fits.layer)
    expect(one.saved.list.map(({ direction }) => direction.vector)).toEqual(
      other.saved.list.map(({ direction }) => direction.vector)
    )
    expect(other.captures.list.map(({ states, texts, tokens }) => [states.data, texts, tokens])).toEqual(
      one.captures.list.map(({ states, texts, tokens }) => [states.data, texts, tokens])
    )
    expect(other.sets.all.map(({ name, prompts }) => [name, prompts])).toEqual(
      one.sets.all.map(({ name, prompts }) => [name, prompts])
    )
    expect(other.chat.shown?.answers).toEqual(one.chat.shown?.answers)
    expect(other.controls.alpha).toBe(one.controls.alpha)
    const resuming = other.session.waiting.resume()
    // The file names a host, which is asked about first.
    expect(other.hosts.question?.hosts).toEqual(['host.example'])
    other.hosts.answer(true)
    await resuming
    await other.first.ask()
    expect(other.chat.shown?.answers.map(textOf)).toEqual(one.chat.shown?.answers.map(textOf))
  })

  it('brings nothing twice', async () => {
    const one = await sender()
    const fits = one.fits.list.length
    expect(await one.sharing.open(blob(await bytesOf(one)))).toBe('All of this session is here already.')
    expect(one.fits.list).toHaveLength(fits)
    expect(one.chat.history.list).toHaveLength(1)
  })

  it('holds no token and no query of an address', async () => {
    const file = await bytesOf(await sender())
    const { files } = await readZip(file, () => 2 ** 30)
    const text = [...files.values()].map((bytes) => new TextDecoder('latin1').decode(bytes)).join()
    expect(text).toContain('host.example/lora')
    expect(text).not.toMatch(/hf_secret|signature/)
  })

  it.each<[string, (document: Record<string, unknown>) => void, RegExp]>([
    ['another version', (one) => (one['version'] = '2'), /version "2", this Azimuth reads 1/],
    ['another format', (one) => (one['format'] = 'azimuth.run'), /format should be one of azimuth.session/],
    ['a missing field', (one) => delete one['link'], /link should be text, got nothing/],
    [
      'a model from nowhere',
      (one) => (one['models'] = [{ source: { kind: 'folder' } }]),
      /models\[0\]: source: kind should be one of bundled, hub, url, local, got "folder"/
    ],
    [
      'directions that are not there',
      (one) => (one['sets'] = [{ id: 'x', kind: 'fitted' }]),
      /lacks tensors.*directions-x/
    ],
    ['an answer to nothing', (one) => (one['sets'] = []), /names directions that are not there/]
  ])('is refused with %s, and changes nothing', async (_, change, message) => {
    const file = await changed(await bytesOf(await sender()), change)
    const other = await new Browser().tab().load()
    await expect(other.sharing.open(blob(file))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringMatching(message)
    })
    expect(other.fits.list).toEqual([])
    expect(other.prompts.positiveName).toBe('gloomy')
  })

  it('is told from other zips, and from half of one', async () => {
    const other = await new Browser().tab().load()
    const zip = await writeZip([{ path: 'run.json', bytes: new Uint8Array(3) }])
    await expect(other.sharing.open(blob(zip))).rejects.toThrow(/has no session.json/)
    const file = await bytesOf(other)
    await expect(other.sharing.open(blob(file.subarray(0, file.length / 2)))).rejects.toMatchObject({
      name: 'LabError'
    })
  })
})
