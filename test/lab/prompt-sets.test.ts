import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fetchPrompts } from '../../src/lab/prompt-sets'
import { presets } from '../../src/state/presets'

const fromDisk: typeof fetch = async (url) =>
  new Response(readFileSync(`public${url instanceof URL ? url.pathname : ''}`, 'utf8'))

describe('the prompt sets of the page', () => {
  it('hold the questions, and the first one that is typed', async () => {
    expect(await fetchPrompts('http://page.example/', 'fit', fromDisk)).toHaveLength(125)
    const questions = (await fetchPrompts('http://page.example/', 'eval', fromDisk)).map(({ messages }) => messages)
    expect(questions).toContainEqual([{ role: 'user', content: presets.adapter.question }])
  })

  it('are told where they are not there', async () => {
    const none: typeof fetch = async () => new Response('', { status: 404 })
    await expect(fetchPrompts('http://page.example/', 'fit', none)).rejects.toMatchObject({ code: 'network' })
  })
})
