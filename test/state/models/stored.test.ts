import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import type { StoredModel } from '../../../src/lab/api'
import { StoredModels } from '../../../src/state/models/stored.svelte'
import { formatDay } from '../../../src/ui/words/words'
import { fakeStorage } from '../../fake-lab'

const model = (name: string): StoredModel => ({
  id: `hub:owner/${name}@1`,
  name,
  source: { kind: 'hub', repo: `owner/${name}` },
  opened: '2026-03-01T12:00:00.000Z',
  bytes: 1e6,
  files: [],
  partial: false,
  adapter: false
})
const names = ({ stored }: StoredModels): readonly string[] | undefined => stored?.models.map(({ name }) => name)

describe('StoredModels', () => {
  it('knows nothing until it looks, then lists and deletes', async () => {
    const kept = new StoredModels(fakeStorage([model('one'), model('two')]))
    expect(kept.stored).toBeNull()
    await kept.refresh()
    expect(names(kept)).toEqual(['one', 'two'])
    await kept.remove(model('one'))
    expect(names(kept)).toEqual(['two'])
    expect(kept.stored?.usage).toBe(1e6)
  })

  it('tells why a model was not deleted, and still lists it', async () => {
    const busy = new LabError('quota', 'it is being downloaded: close it, then delete it')
    const kept = new StoredModels({ ...fakeStorage([model('one')]), remove: () => Promise.reject(busy) })
    await kept.remove(model('one'))
    expect(kept.status).toEqual({ kind: 'failed', error: busy })
    expect(names(kept)).toEqual(['one'])
    await kept.refresh()
    expect(kept.status.kind).toBe('done')
  })
})

it('days are told as a person tells them', () => {
  const now = new Date(2026, 2, 1, 0, 30)
  expect(formatDay(new Date(2026, 2, 1, 0, 1).toISOString(), now)).toBe('today')
  expect(formatDay(new Date(2026, 1, 28, 23, 59).toISOString(), now)).toBe('yesterday')
  expect(formatDay(new Date(2025, 11, 24, 12).toISOString(), now)).toBe('on Dec 24, 2025')
  expect(formatDay('', now)).toBe('at an unknown time')
})
