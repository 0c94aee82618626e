import { describe, expect, it } from 'vitest'
import type { Held } from '../../src/state/bench/hand.svelte'
import { Lab } from '../../src/state/lab.svelte'
import { makeSet, plainRow } from '../../src/state/prompts/prompt-set'
import { dropsFor } from '../../src/ui/bench/drops'
import { fakeOutside } from '../fake-lab'

const labels = (lab: Lab, held: Held): readonly string[] => dropsFor(lab, held).map(({ label }) => label)

function drop(lab: Lab, held: Held, label: RegExp): void {
  const found = dropsFor(lab, held).find((one) => label.test(one.label))
  if (!found) throw new Error(`no drop is called ${String(label)}`)
  found.act()
}

describe('what a thing of the bench can be dropped as', () => {
  it('a set becomes a side of the contrast of two lists, which can be undone; a side itself does not', () => {
    const lab = new Lab(fakeOutside())
    lab.address.view = 'directions'
    const set = makeSet(
      'weather',
      'eval',
      ['rain', 'sun', 'snow'].map((text, i) => plainRow(String(i), text))
    )
    lab.sets.add(set)
    const before = lab.prompts.negativeText
    lab.contrast.kind = 'adapter'
    drop(lab, { kind: 'prompts', set }, /negative/)
    expect([lab.contrast.kind, lab.prompts.negative]).toEqual(['lists', ['rain', 'sun', 'snow']])
    lab.sets.undo.take()
    expect(lab.prompts.negativeText).toBe(before)
    expect(labels(lab, { kind: 'prompts', set: lab.sets.positive })).toEqual([])
  })

  it('a capture lends the prompts that it was read from, as long as they are there', async () => {
    const lab = new Lab(fakeOutside({ layers: 4 }))
    await lab.opening.choose({ kind: 'bundled', name: 'fake' })
    const set = makeSet(
      'weather',
      'eval',
      ['rain', 'sun', 'snow'].map((text, i) => plainRow(String(i), text))
    )
    lab.sets.add(set)
    const { active } = lab.models
    if (!active) throw new Error('nothing is open')
    await lab.captures.run(active, [set], 'last')
    const [capture] = lab.captures.list
    if (!capture) throw new Error('nothing was captured')
    lab.address.view = 'directions'
    drop(lab, { kind: 'capture', capture }, /positive/)
    expect(lab.prompts.positive).toEqual(['rain', 'sun', 'snow'])
    lab.sets.remove(set)
    expect(labels(lab, { kind: 'capture', capture })).toEqual([])
  })

  it('nothing is offered where a panel has no use for it', async () => {
    const lab = new Lab(fakeOutside({ layers: 4 }))
    await lab.opening.choose({ kind: 'bundled', name: 'fake' })
    await lab.inUse.run()
    const [model] = lab.models.list
    const { fit } = lab.inUse
    if (!model || !fit) throw new Error('nothing was fitted')
    lab.address.view = 'docs'
    expect([...labels(lab, { kind: 'model', model }), ...labels(lab, { kind: 'direction', set: fit })]).toEqual([])
    lab.address.view = 'directions'
    drop(lab, { kind: 'direction', set: fit }, /^Save layer/)
    expect(lab.saved.list).toHaveLength(1)
  })
})
