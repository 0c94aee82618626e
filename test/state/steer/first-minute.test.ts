import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import { Lab } from '../../../src/state/lab.svelte'
import { isComing } from '../../../src/state/steer/first-minute.svelte'
import { fakeOutside } from '../../fake-lab'
import { plantedLab } from '../../planted-lab'

/** A lab, and what the first minute stood at whenever the engine was called: "capture: fitting, waits". */
async function watched(failing: { name: string | null } = { name: null }): Promise<{ lab: Lab; seen: string[] }> {
  const seen: string[] = []
  const lab: Lab = await plantedLab(['qwen2'], {
    onCall: (name) => {
      const { kind, ask } = lab.first.now
      const line = `${name}: ${kind}, ${ask}`
      if (!seen.includes(line)) seen.push(line)
      if (name === failing.name) throw new LabError('shape', `${name} fails; try again`)
    }
  })
  lab.chat.isColoured = false
  return { lab, seen }
}

describe('the first minute', () => {
  it('goes from nothing to answers by one question, through every stage', async () => {
    const { lab, seen } = await watched()
    expect(lab.first.now).toEqual({ kind: 'arriving', ask: 'prepares', about: 'organism' })
    expect(isComing(lab.first.now)).toBe(true)
    await lab.first.ask()
    const of = (name: string): readonly string[] => seen.filter((line) => line.startsWith(`${name}:`))
    expect(of('open')).toEqual(['open: opening, waits'])
    expect(of('capture')).toEqual(['capture: fitting, waits'])
    expect(of('generate')).toEqual(['generate: answering, answers'])
    expect(lab.first.now).toEqual({ kind: 'ready', next: 'ask', ask: 'answers', about: 'organism' })
  })

  it('leaves a model of another host to the reader, and the next step of each', async () => {
    const { lab, seen } = await watched()
    lab.address.follow('#/steer?model=hub:owner/name')
    expect(lab.first.now).toEqual({ kind: 'ready', next: 'open', ask: 'nothing', about: 'model' })
    await lab.opening.choose({ kind: 'hub', repo: 'owner/name' })
    expect(seen).toContain('open: opening, nothing')
    expect(lab.first.now).toEqual({ kind: 'ready', next: 'fit', ask: 'nothing', about: 'model' })
    await lab.first.ask()
    expect(lab.chat.shown).toBeNull()
  })

  it('stands at what failed until that is tried again', async () => {
    const failing: { name: string | null } = { name: 'open' }
    const { lab } = await watched(failing)
    await lab.first.ask()
    expect(lab.first.now).toMatchObject({ kind: 'failed', at: 'opening', ask: 'nothing' })
    failing.name = 'capture'
    const [model] = lab.models.list
    if (model) await lab.models.retry(model)
    await lab.first.ask()
    expect(lab.first.now).toMatchObject({ kind: 'failed', at: 'fitting', ask: 'prepares' })
    failing.name = 'generate'
    await lab.first.ask()
    expect(lab.first.now).toMatchObject({ kind: 'failed', at: 'answering', ask: 'answers' })
    failing.name = null
    await lab.first.ask()
    expect(lab.first.now).toMatchObject({ kind: 'ready', next: 'ask' })
  })

  it('says nothing of what is missing before it is known what comes with the page', () => {
    const lab = new Lab(fakeOutside())
    expect(lab.first.now).toEqual({ kind: 'arriving', ask: 'nothing', about: 'organism' })
    lab.address.follow('#/steer?model=hub:owner/name')
    expect(lab.first.now).toMatchObject({ kind: 'ready', next: 'open', ask: 'nothing' })
  })
})
