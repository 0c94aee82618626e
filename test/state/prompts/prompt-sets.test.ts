import { readPrompts } from '../../../src/formats/prompts'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import { memoryShelf, type Shelf } from '../../../src/storage/shelf'
import { PromptSets } from '../../../src/state/prompts/prompt-sets.svelte'
import { Prompts } from '../../../src/state/prompts/prompts.svelte'

function start(shelf: Shelf = memoryShelf()): { prompts: Prompts; sets: PromptSets; shelf: Shelf } {
  const prompts = new Prompts()
  return { prompts, sets: new PromptSets(prompts, shelf), shelf }
}

/** The same browser after a reload. */
async function reload({ sets, shelf }: ReturnType<typeof start>, contrast = true): Promise<ReturnType<typeof start>> {
  await sets.keeping.flush()
  const next = start(shelf)
  await next.sets.restore({ contrast })
  return next
}

const names = (sets: PromptSets): string[] => sets.all.map(({ name }) => name)

describe('PromptSets', () => {
  it('lists the two sides of the contrast first, as they are', () => {
    const { prompts, sets } = start()
    prompts.setPositive({ name: 'up', text: 'one\ntwo' })
    sets.take('tune.csv', readPrompts('tune.csv', 'prompt\nthree\n'))
    expect(sets.all.map(({ name, role, prompts: rows }) => [name, role, rows.length])).toEqual([
      ['up', 'positive', 2],
      ['joyful', 'negative', 12],
      ['tune', 'tune', 1]
    ])
    expect(sets.chosen.name).toBe('tune')
  })

  it('tells what a file held, and refuses a broken one with its line', () => {
    const { sets } = start()
    sets.take('list.txt', readPrompts('list.txt', 'Hi.\nHi.\nWhy?'))
    expect(sets.intake).toEqual({
      file: 'list.txt',
      count: 3,
      notes: ['1 prompts repeat another word for word, first 2 as 1.']
    })
    expect(() => sets.take('list.jsonl', readPrompts('list.jsonl', '{"prompt": "a"}\n{'))).toThrow(
      /line 2 of list.jsonl/
    )
    expect(sets.all).toHaveLength(3)
  })

  it('gives a deleted set and a deleted prompt back', () => {
    const { sets } = start()
    sets.take('a.jsonl', readPrompts('a.jsonl', '{"prompt": "x\\ny"}\n{"prompt": "z"}'))
    const before = sets.chosen
    sets.removePrompt(before, '1')
    expect(sets.chosen.prompts.map(({ id }) => id)).toEqual(['2'])
    sets.undo.take()
    expect(sets.chosen).toEqual(before)
    sets.remove(before)
    expect([sets.all.length, sets.chosen.id, sets.undo.sentence]).toEqual([2, 'positive', '\u201ca\u201d was deleted.'])
    sets.undo.take()
    expect([sets.chosen, sets.undo.sentence]).toEqual([before, null])
  })

  it('takes a set as a side of the contrast, where its prompts are lines, and back', () => {
    const { prompts, sets } = start()
    sets.take('calm.txt', readPrompts('calm.txt', 'Breathe.\nSlow down.'))
    sets.useAs('negative', sets.chosen)
    expect([prompts.negativeName, prompts.negative]).toEqual(['calm', ['Breathe.', 'Slow down.']])
    // The copy and its source share prompts, but not a purpose.
    expect([sets.chosen.role, sets.overlaps]).toEqual(['negative', []])
    sets.undo.take()
    expect([prompts.negativeName, sets.chosen.role, prompts.isExample]).toEqual(['joyful', 'eval', true])
    sets.take(
      'chat.jsonl',
      readPrompts('chat.jsonl', '{"messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]}')
    )
    expect(sets.sideProblem(sets.chosen)).toContain('1 of these prompts')
  })

  it('warns when an edit makes two roles share a prompt', () => {
    const { prompts, sets } = start()
    sets.addEmpty()
    expect(sets.overlaps).toEqual([])
    sets.edit(sets.chosen, `${prompts.positive[3] ?? ''}\nanother`)
    expect(sets.overlaps.map(({ first, second, count }) => [first.name, second.name, count])).toEqual([
      ['gloomy', 'new set', 1]
    ])
  })

  it('loses nothing over a reload', async () => {
    const one = start()
    one.sets.take('first.txt', readPrompts('first.txt', 'a\nb'))
    one.sets.duplicate(one.sets.chosen)
    one.sets.rename(one.sets.chosen, 'second')
    one.sets.edit(one.sets.chosen, 'c')
    one.prompts.positiveText = 'my own\nlist'
    one.sets.keepContrast()
    const two = await reload(one)
    expect(two.sets.all).toEqual(one.sets.all)
    expect(two.prompts.positiveText).toBe('my own\nlist')
    const [, , first] = two.sets.all
    if (!first) throw new Error('no set came back')
    two.sets.remove(first)
    two.sets.restoreExample()
    const three = await reload(two)
    expect([names(three.sets), three.prompts.isExample]).toEqual([['gloomy', 'joyful', 'second'], true])
  })

  it('leaves the contrast of a link as it is', async () => {
    const one = start()
    one.prompts.positiveText = 'kept\nlist'
    one.sets.keepContrast()
    await one.sets.keeping.flush()
    const linked = start(one.shelf)
    linked.prompts.setPositive({ name: 'linked', text: 'from\nthe link' })
    await linked.sets.restore({ contrast: true })
    expect(linked.prompts.positiveName).toBe('linked')
    expect((await reload(one, false)).prompts.isExample).toBe(true)
  })

  it('says when the browser has no room, and goes on', async () => {
    const full: Shelf = {
      ...memoryShelf(),
      put: () => Promise.reject(new LabError('quota', 'the browser has no room left for it'))
    }
    const { sets } = start(full)
    sets.take('a.txt', readPrompts('a.txt', 'one'))
    await expect.poll(() => sets.keeping.error).toMatchObject({ code: 'quota' })
    expect(names(sets)).toContain('a')
  })

  it('brings back what it can where a kept value is broken, and says so', async () => {
    const one = start()
    one.sets.take('a.txt', readPrompts('a.txt', 'one'))
    await one.shelf.put('prompt-sets', 'broken', { name: 'of an older page' })
    const two = await reload(one)
    expect(names(two.sets)).toContain('a')
    expect(two.sets.keeping.error).toMatchObject({ code: 'format' })
  })

  it('hashes a set anew when its prompts change, not its name', async () => {
    const { sets } = start()
    sets.take('a.txt', readPrompts('a.txt', 'one'))
    await sets.hash(sets.chosen)
    const before = sets.shortHash(sets.chosen)
    expect(before).toMatch(/^[0-9a-f]{8}$/)
    sets.rename(sets.chosen, 'b')
    expect(sets.shortHash(sets.chosen)).toBe(before)
    sets.edit(sets.chosen, 'two')
    await sets.hash(sets.chosen)
    expect(sets.shortHash(sets.chosen)).not.toBe(before)
  })
})
