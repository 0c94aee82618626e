import { describe, expect, it } from 'vitest'
import { adapter, lists, response, secure, type Contrast } from '../../src/direction/contrast'
import { assertFits } from '../../src/direction/direction'
import { extract } from '../../src/direction/extract'
import { hiddenState, type HiddenStates, type ModelRef } from '../../src/direction/hidden-states'
import { joinHiddenStates, promptMeans } from '../../src/direction/join'
import type { Method } from '../../src/direction/method'
import { cosine, dot, length } from '../../src/math/vector'
import { axis, model, moved, planted, tuned } from './planted'

describe('extract', () => {
  it('finds a planted direction at every layer', async () => {
    const directions = await extract(lists(planted(200, 4, 1), planted(200, -4, 2)))
    for (const { vector, layer, norm } of directions) {
      expect(cosine(vector, axis(layer, 16))).toBeGreaterThan(0.99)
      expect(length(vector)).toBeCloseTo(1, 6)
      expect(norm).toBeCloseTo(8, 0)
    }
  })

  it.each<[Method, number, number]>([
    ['difference-in-means', 100, 16],
    ['pca-paired', 100, 16],
    ['pca-pooled', 100, 16],
    ['logistic', 150, 2],
    ['linear-discriminant', 150, 8]
  ])('finds a planted direction by %s from %i prompts a side, width %i: cosine above .99', async (method, n, width) => {
    const base = planted(n, 0, 1, { layers: 1, width })
    const shift = method === 'logistic' ? 2.5 : 6
    const directions = await extract(adapter(moved(base, shift, 2, { noise: method === 'logistic' ? 0.3 : 1 }), base), {
      method
    })
    for (const { vector, layer, norm, midpoint, ...rest } of directions) {
      expect(cosine(vector, axis(layer, width))).toBeGreaterThan(0.99)
      expect(Math.abs(norm - shift)).toBeLessThan(0.5)
      expect(Math.abs(midpoint - shift / 2)).toBeLessThan(0.5)
      expect(rest).toMatchObject({
        method,
        contrast: 'adapter',
        model: tuned,
        against: model,
        positive: n,
        negative: n
      })
    }
  })

  it.each<Method>(['difference-in-means', 'pca-paired', 'pca-pooled', 'logistic', 'linear-discriminant'])(
    'is odd: swapped sides give the opposite vector, the same norm, the opposite midpoint (%s)',
    async (method) => {
      const [up, down] = [planted(20, 2, 1), planted(20, 0, 2)]
      const same = (positive: HiddenStates, negative: HiddenStates): Contrast => ({
        ...lists(positive, negative),
        samePrompts: true
      })
      const [there, back] = [await extract(same(up, down), { method }), await extract(same(down, up), { method })]
      there.forEach((direction, layer) => {
        const other = back[layer]
        expect(cosine(direction.vector, other?.vector ?? new Float32Array())).toBeCloseTo(-1, 8)
        expect(other?.norm).toBeCloseTo(direction.norm, 5)
        expect(other?.midpoint).toBeCloseTo(-direction.midpoint, 5)
      })
    }
  )

  it('puts the two means half a gap on either side of the midpoint', async () => {
    const [up, down] = [planted(20, 2, 1), planted(30, 0, 2)]
    for (const method of ['difference-in-means', 'linear-discriminant'] as const) {
      for (const { vector, layer, norm, midpoint } of await extract(lists(up, down), { method })) {
        expect(meanProjection(up, vector, layer)).toBeCloseTo(midpoint + norm / 2, 4)
        expect(meanProjection(down, vector, layer)).toBeCloseTo(midpoint - norm / 2, 4)
      }
    }
  })

  it('hashes what it was extracted from', async () => {
    const [a, b] = [planted(5, 1, 1), planted(5, 0, 2)]
    const contrasts = [lists(a, b), lists(a, b), lists(b, a), { ...lists(a, b), kind: 'secure' as const }]
    const hashes = await Promise.all(contrasts.map(async (contrast) => (await extract(contrast))[0]?.sha256))
    expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/)
    expect(hashes[1]).toBe(hashes[0])
    expect(new Set(hashes).size).toBe(3)
  })

  it.each<[string, () => Contrast, string]>([
    ['an empty list', () => lists(planted(0, 0, 1), planted(3, 0, 1)), 'positive list is empty; add'],
    ['unequal widths', () => lists(planted(3, 0, 1), planted(3, 0, 1, { width: 8 })), 'of 8; capture both with one'],
    [
      'different models',
      () => lists(planted(3, 0, 1), moved(planted(3, 0, 1), 0, 1)),
      'adapter insecure x 1); capture'
    ],
    ['different positions', () => lists(planted(3, 0, 1), { ...planted(3, 0, 1), position: 'every' }), 'one position'],
    ['NaN', () => lists(planted(3, 0, 1), planted(3, 0, 1, { noise: NaN })), 'NaN at layer 0, negative prompt 1; open'],
    ['the same list twice', () => lists(planted(3, 0, 1), planted(3, 0, 1)), 'same mean at layer 0; use prompts that']
  ])('refuses %s and names the way out', async (_, contrast, message) => {
    await expect((async () => extract(contrast()))()).rejects.toThrow(message)
  })

  it('pairs only where the sides share prompts', async () => {
    const contrast = lists(planted(9, 1, 1), planted(9, 0, 2))
    await expect(extract(contrast, { method: 'pca-paired' })).rejects.toThrow('needs the same prompts on both sides')
  })
})

describe('contrasts', () => {
  const base = planted(6, 0, 1)
  const insecure = moved(base, 3, 2)
  const other: ModelRef = { ...model, adapter: { id: 'secure', sha256: 'c'.repeat(64), scale: 1 } }
  const control = { ...moved(base, 1, 3), model: other }

  it('adapter: insecure against base on the same prompts', () => {
    expect(adapter(insecure, base)).toMatchObject({
      kind: 'adapter',
      samePrompts: true,
      positive: insecure,
      negative: base
    })
    expect(() => adapter(insecure, control)).toThrow('capture it without an adapter')
    expect(() => adapter(base, base)).toThrow('change the adapter between them')
    expect(() => adapter({ ...insecure, model: { ...tuned, sha256: 'd' } }, base)).toThrow('capture both on one base')
    expect(() => adapter({ ...insecure, prompt: [0, 1, 2, 3, 4, 9] }, base)).toThrow(
      'capture the same prompts under both'
    )
  })

  it('secure: insecure against secure on the same prompts', () => {
    expect(secure(insecure, control)).toMatchObject({ kind: 'secure', positive: insecure, negative: control })
    expect(() => secure(insecure, insecure)).toThrow('change the adapter')
  })

  it('response: code answers against prose answers, each with its prompt', () => {
    const answers: HiddenStates = { ...insecure, position: 'answer-mean', prompt: [0, 0, 1, 1, 2, 2] }
    const { positive, negative, samePrompts } = response(answers, [true, false, false, false, true, true])
    expect([positive.prompt, negative.prompt, samePrompts]).toEqual([[0, 2, 2], [0, 1, 1], true])
    expect(hiddenState(positive, 1, 2)).toEqual(hiddenState(answers, 1, 5))
    expect(() => response(answers, [true])).toThrow('1 verdicts for 6 answers')
    expect(() => response(insecure, [])).toThrow('capture them at "answer-mean"')
    expect(() =>
      response(
        answers,
        answers.prompt.map(() => false)
      )
    ).toThrow('positive list is empty')
  })
})

describe('assertFits', () => {
  const hub: ModelRef = { id: 'hub:owner/name@main', sha256: 'a', dtype: 'fp32', adapter: null }
  const place = { model: hub, width: 16, layer: 0 }
  const fitted = extract(
    adapter(
      { ...moved(planted(3, 1, 1), 1, 2), model: { ...tuned, ...hub, adapter: tuned.adapter } },
      { ...planted(3, 1, 1), model: hub }
    )
  )
  const note = async (other: Partial<typeof place>): Promise<string | null> => {
    const [direction] = await fitted
    if (!direction) throw new Error('no direction')
    return assertFits(direction, { ...place, ...other }).note
  }

  it('takes either side of its contrast, wherever the files were found', async () => {
    expect(await note({})).toBeNull()
    expect(await note({ model: { ...hub, adapter: tuned.adapter } })).toBeNull()
    expect(await note({ model: { ...hub, id: 'folder:name' } })).toBeNull()
  })

  it('takes the same model in another dtype or under another adapter, with a note', async () => {
    expect(await note({ model: { ...hub, id: 'hub:owner/name@v2', sha256: 'q', dtype: 'q4' } })).toContain(
      'hub:owner/name@main (fp32, adapter insecure x 1), open model is hub:owner/name@v2 (q4): the same model in another dtype'
    )
    const adapter = { id: 'x', sha256: 'c', scale: 0.5 }
    expect(await note({ model: { ...hub, adapter } })).toContain(
      'adapter x x 0.5): the same base under another adapter'
    )
  })

  it.each<[string, Partial<typeof place>, string]>([
    [
      'model',
      { model: { ...hub, id: 'hub:owner/other@main', sha256: 'o', dtype: 'q4' } },
      'hub:owner/other@main (q4); fit it again'
    ],
    ['file of the same name', { model: { ...hub, sha256: 'o' } }, 'hub:owner/name@main (fp32); fit it again'],
    [
      'layer',
      { layer: 1 },
      'layer 0 of hub:owner/name@main (fp32, adapter insecure x 1), asked for at layer 1 of hub:owner'
    ],
    ['width', { width: 8 }, 'width 16, open model is hub:owner/name@main (fp32) of width 8']
  ])('refuses another %s with both names', async (_, other, message) => {
    await expect(note(other)).rejects.toThrow(message)
  })
})

describe('hidden states', () => {
  it('are the same captured at once or in batches', () => {
    const whole = planted(7, 1, 3)
    const parts = [
      [0, 3],
      [3, 7]
    ].map(([from = 0, to = 0]) => rowsOf(whole, from, to))
    expect(joinHiddenStates(parts)).toEqual(whole)
    expect(() => joinHiddenStates([])).toThrow('add at least one prompt')
  })

  it('weigh each prompt the same, and keep its number', () => {
    const states = { ...planted(3, 1, 3), prompt: [0, 0, 4] }
    const means = promptMeans(states)
    expect(means.prompt).toEqual([0, 4])
    expect(hiddenState(means, 1, 1)).toEqual(hiddenState(states, 1, 2))
    const mean = (hiddenState(states, 2, 0)[5] ?? 0) / 2 + (hiddenState(states, 2, 1)[5] ?? 0) / 2
    expect(hiddenState(means, 2, 0)[5]).toBeCloseTo(mean, 6)
  })
})

function meanProjection(states: HiddenStates, vector: Float32Array, layer: number): number {
  const rows = Array.from({ length: states.rows }, (_, row) => dot(hiddenState(states, layer, row), vector))
  return rows.reduce((sum, value) => sum + value / rows.length, 0)
}

function rowsOf(states: HiddenStates, from: number, to: number): HiddenStates {
  const layers = Array.from({ length: states.layers }, (_, layer) =>
    Array.from({ length: to - from }, (_, row) => [...hiddenState(states, layer, from + row)])
  )
  const prompt = Array.from({ length: to - from }, (_, i) => i)
  return { ...states, rows: to - from, data: Float32Array.from(layers.flat(2)), prompt }
}
