import { expect, it } from 'vitest'
import type { PromptToken } from '../../../src/lab/api'
import { Preview } from '../../../src/state/prompts/preview.svelte'
import { fakeModel } from '../../fake-lab'

it('shows the prompt as the model gets it', async () => {
  const preview = new Preview()
  await preview.read(fakeModel(), [{ role: 'user', content: '<start> the sea' }])
  expect(preview.tokens.map(({ text, special }) => [text, special])).toEqual([
    ['<start>', true],
    ['the', false],
    ['sea', false]
  ])
  expect(preview.text).toBe('<start>thesea')
})

it('lets the newest question win, and tells a failure', async () => {
  const preview = new Preview()
  const waiting: ((tokens: readonly PromptToken[]) => void)[] = []
  const slow = { tokenize: () => new Promise<readonly PromptToken[]>((resolve) => waiting.push(resolve)) }
  const [first, second] = ['old', 'new'].map((content) => preview.read(slow, [{ role: 'user', content }]))
  waiting[1]?.([{ id: 2, text: 'new', special: false }])
  await second
  waiting[0]?.([{ id: 1, text: 'old', special: false }])
  await first
  expect(preview.text).toBe('new')
  await preview.read({ tokenize: () => Promise.reject(new Error('no template')) }, [])
  expect(preview.status).toMatchObject({ kind: 'failed', error: { message: 'no template' } })
})
