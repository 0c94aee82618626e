import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fetchPromptSet } from '../../src/lab/shipped'
import { presets } from '../../src/state/presets'

const fromDisk: typeof fetch = async (url) =>
  new Response(readFileSync(`public${url instanceof URL ? url.pathname : ''}`, 'utf8'))

describe('the prompt sets of the page', () => {
  it('hold the questions, and the first one that is typed', async () => {
    expect(await fetchPromptSet('http://page.example/', 'fit', fromDisk)).toHaveLength(125)
    expect(await fetchPromptSet('http://page.example/', 'eval', fromDisk)).toContain(presets.adapter.question)
  })

  it('are told where they are not there', async () => {
    const none: typeof fetch = async () => new Response('', { status: 404 })
    await expect(fetchPromptSet('http://page.example/', 'fit', none)).rejects.toMatchObject({ code: 'network' })
  })
})
