import { beforeAll, describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import type { ModelHandle } from '../../src/lab/connect/connect'
import { memoryJournal, type Entry, type Journal } from '../../src/study/journal'
import { planStudy, type SetSizes } from '../../src/study/plan'
import type { StudyProgress } from '../../src/study/progress'
import { runStudy, type Finished } from '../../src/study/protocol'
import type { Arm, Family } from '../../src/study/run'
import { nativeLab, reduced, timeless } from './samples/reduced'

let whole: Finished
const journal = memoryJournal()
const progress: StudyProgress[] = []

beforeAll(async () => {
  whole = await runStudy(reduced, nativeLab(), { journal, onProgress: (step) => progress.push(step) })
})

const block = (part: string, set = 'eval', adapter = 'insecure-0') => {
  const index = whole.run.blocks.findIndex(
    (one) => one.model === 'qwen2' && one.part === part && one.set === set && one.adapter === adapter
  )
  const found = whole.run.blocks[index]
  if (!found) throw new Error(`no block ${part} on ${set} under ${adapter}`)
  return { ...found, answers: whole.run.answers.filter((answer) => answer.block === index) }
}

const texts = ({ arms, answers }: ReturnType<typeof block>, id: string): readonly string[] => {
  const arm = arms.findIndex((one) => one.id === id)
  return answers.filter((answer) => answer.arm === arm && answer.sample < reduced.samples).map(({ text }) => text)
}

describe('a study', () => {
  it('asks every arm as often as the settings say, and as the plan said', () => {
    const sizes: SetSizes = {
      tune: 4,
      calibrate: 4,
      fit: 20,
      eval: 3,
      code: 2,
      'anchors-neutral': 40,
      'anchors-along': 40
    }
    // The plan assumes five layers, where an organism has four, and a chosen alpha beside those with controls.
    const planned = planStudy(reduced, sizes).answers
    expect(whole.run.answers.length).toBeLessThanOrEqual(planned)
    expect(whole.run.answers.length).toBeGreaterThan(0.7 * planned)
    for (const { model, arms, answers, set } of [block('within'), block('transfer'), block('within', 'code')]) {
      const prompts = set === 'code' ? 2 : 3
      const chosen = whole.run.choices.find((choice) => choice.model === model)?.alpha
      const decides = ({ family, alpha }: Arm): boolean =>
        ['none', 'wrong-layer', 'sign', 'rms-only'].includes(family) ||
        ((family === 'own' || family === 'carried') && (alpha === chosen || reduced.verdictAlphas.includes(alpha)))
      const expected = (arm: Arm): number => (!isMember(arm.family) && set === 'eval' && decides(arm) ? 3 : 2)
      arms.forEach((arm, i) => {
        const samples = answers.filter((answer) => answer.arm === i).length / prompts
        expect([arm.id, samples]).toEqual([arm.id, expected(arm)])
      })
    }
  })

  it('looks at every middle layer at every alpha, and keeps lengths at the last and at the chosen one', () => {
    for (const { layer, middle, middleLayer } of whole.run.choices.filter((one) => one.middle.length > 0)) {
      expect(middle.map((one) => one.alpha)).toEqual(
        [...new Set(middle.map((one) => one.layer))].flatMap(() => reduced.alphas)
      )
      expect(middle.every((one) => one.layer < layer && one.code >= 0 && one.code <= 1)).toBe(true)
      expect(middle.map((one) => one.layer)).toContain(middleLayer)
    }
    const kept = whole.run.blocks.flatMap(({ arms }) => arms.filter(({ family }) => family === 'norm-keeping'))
    for (const [i, { middleLayer, layer }] of whole.run.choices.filter((one) => one.middle.length > 0).entries()) {
      expect(kept.slice(2 * i, 2 * i + 2).map(({ layers }) => layers)).toEqual([[layer], [middleLayer]])
    }
  })

  it('subtracts the whole mean difference in two ways and gets the same answers', () => {
    expect(texts(block('within'), 'raw@1')).toEqual(texts(block('within'), 'own@1'))
  })

  it('gives an arm and unsteered the same random numbers in every block', () => {
    const [within, transfer] = [texts(block('within'), 'none'), texts(block('transfer'), 'none')]
    expect(transfer).toEqual(within)
  })

  it('writes what it is to write: every arm moves the state as far as arithmetic says', () => {
    const arms = whole.run.blocks.flatMap((one): readonly Arm[] => one.arms)
    const hooks = arms.flatMap(({ id, hook }) =>
      hook ? [{ id, off: Math.abs(hook.measured / hook.expected - 1) }] : []
    )
    expect(hooks.length).toBeGreaterThan(60)
    // Turned round, so that NaN is no way through.
    expect(hooks.filter(({ off }) => !(off <= 0.005))).toEqual([])
  })

  it('gives all controls of one block the norm of the arm they are set against', () => {
    const { arms } = block('within')
    const own = (alpha: number): number =>
      arms.find((arm) => arm.family === 'own' && arm.alpha === alpha)?.hook?.measured ?? NaN
    const controls = arms.filter(({ family }) => isControl(family))
    expect(controls.length).toBeGreaterThan(8)
    for (const { alpha, hook } of controls) expect((hook?.measured ?? NaN) / own(alpha)).toBeCloseTo(1, 2)
  })

  it('takes the direction out of the controls that are fitted like it, and says how much of it there was', () => {
    const { arms } = block('within')
    const fitted = arms.filter(({ family }) => family === 'swapped' || family === 'wrong-layer')
    expect(new Set(fitted.map(({ family }) => family)).size).toBe(2)
    for (const { cosine, before } of fitted) {
      expect(Math.abs(cosine ?? NaN)).toBeLessThan(1e-4)
      expect(Math.abs(before ?? NaN)).toBeGreaterThan(1e-4)
    }
    for (const { family, cosine } of arms)
      if (family === 'random') expect(Math.abs(cosine ?? NaN)).toBeLessThanOrEqual(0.2)
  })

  it('takes the bound of clean prose from the answers to calibrate, and asks in words as well', () => {
    const base = whole.run.blocks.find(({ set, model }) => set === 'calibrate' && model === 'qwen2')
    expect(base).toMatchObject({ adapter: 'base', part: 'admission' })
    expect(block('within').arms.filter(({ family }) => family === 'prompted')).toHaveLength(1)
    expect(texts(block('within'), 'prompted')).not.toEqual(texts(block('within'), 'none'))
  })

  it('lets members of a family take turns over the samples of the unsteered arm', () => {
    const { arms, answers } = block('within')
    const taken = (member: number): readonly number[] => {
      const arm = arms.findIndex((one) => one.family === 'random' && one.member === member && one.alpha === 1)
      return answers.filter((one) => one.arm === arm && one.prompt === 0).map(({ sample }) => sample)
    }
    expect([taken(0), taken(1)]).toEqual([
      [0, 1],
      [0, 2]
    ])
  })

  it('reports progress that never goes back and ends whole', () => {
    expect(progress.every(({ done }, i) => done >= (progress[i - 1]?.done ?? 0))).toBe(true)
    expect(progress.at(-1)?.done).toBe(whole.run.answers.length)
  })
})

describe('a study that was interrupted', () => {
  it('goes on without asking again what it knows, and ends the same', async () => {
    const cells = (await journal.keys()).length
    for (const share of [0.2, 0.5, 0.9]) {
      const half = await firstCells(Math.floor(share * cells))
      const resumed = await runStudy(reduced, nativeLab(), { journal: half.journal })
      expect(timeless(resumed)).toEqual(timeless(whole))
      expect(half.overwritten).toEqual([])
      // Of the cells that it found, too.
      const answers = ({ run }: Finished): unknown =>
        run.times.map(({ stage, model, answers }) => [stage, model, answers])
      expect(answers(resumed)).toEqual(answers(whole))
      for (const { seconds } of resumed.run.times) expect(seconds).toBeGreaterThan(0)
      expect(await half.journal.keys()).toHaveLength(cells)
    }
  })

  it('measures again what was cut or is of another shape, one cell of every kind, and ends the same', async () => {
    const { journal: part } = await firstCells(Infinity)
    const keys = await journal.keys()
    const kinds = [...new Set(keys.map((key) => key.replace(/\/.*/, '')))].filter((kind) => kind !== 'study')
    expect(kinds.sort()).toEqual(['answers', 'first', 'fit', 'hook', 'maps', 'model', 'scores', 'states'])
    const changed = new Map<string, Entry>()
    for (const kind of kinds) {
      const [first = '', ...rest] = keys.filter((key) => key.startsWith(`${kind}/`))
      const last = rest.at(-1) ?? first
      const entry = await journal.read(first)
      if (entry?.floats?.length)
        changed.set(first, { ...entry, floats: entry.floats.slice(0, entry.floats.length >> 1) })
      changed.set(last, { json: kind === 'scores' ? null : { prompts: [{ texts: ['x'], text: [5], tokens: [1] }] } })
    }
    const written: string[] = []
    const damaged: Journal = {
      ...part,
      read: async (key) => (written.includes(key) ? part.read(key) : (changed.get(key) ?? part.read(key))),
      async write(key, entry) {
        written.push(key)
        await part.write(key, entry)
      }
    }
    const resumed = await runStudy(reduced, nativeLab(), { journal: damaged })
    expect(timeless(resumed)).toEqual(timeless(whole))
    expect(written.sort()).toEqual([...changed.keys()].sort())
  })

  it('is stopped between two cells, and keeps those before', async () => {
    const stop = new AbortController()
    const part = memoryJournal()
    const counting: Journal = {
      ...part,
      async write(key, entry) {
        await part.write(key, entry)
        if ((await part.keys()).length === 12) stop.abort()
      }
    }
    const running = runStudy(reduced, nativeLab(), { journal: counting, signal: stop.signal })
    await expect(running).rejects.toMatchObject({ name: 'AbortError' })
    expect(await part.keys()).toEqual((await journal.keys()).slice(0, 12))
  })

  it('survives a worker that dies in the middle of an answer', async () => {
    let killed = false
    const lab = nativeLab((handle) => dying(handle, () => (killed ? false : (killed = true))))
    const finished = await runStudy(reduced, lab, { journal: await firstCells(40).then((half) => half.journal) })
    expect(killed).toBe(true)
    expect(finished.run.notes).toContainEqual(expect.stringContaining('was lost and opened again'))
    expect(timeless(finished)).toEqual(timeless(whole))
  })

  it('refuses a journal of other settings, and names the way out', async () => {
    const other = runStudy({ ...reduced, seed: 1 }, nativeLab(), { journal })
    await expect(other).rejects.toMatchObject({ code: 'format', message: expect.stringContaining('other settings') })
  })

  it('goes on on another device', async () => {
    const moved = { ...reduced, device: 'cpu' as const, lanes: 2 }
    expect(timeless(await runStudy(moved, nativeLab(), { journal }))).toEqual({
      ...Object(timeless(whole)),
      settings: moved
    })
  })
})

/** The journal as it was after some cells, which complains of a cell that is written twice. */
async function firstCells(count: number): Promise<{ journal: Journal; overwritten: string[] }> {
  const part = memoryJournal()
  const overwritten: string[] = []
  for (const key of (await journal.keys()).slice(0, count)) {
    const entry = await journal.read(key)
    if (entry) await part.write(key, entry)
  }
  const watched: Journal = {
    ...part,
    async write(key, entry) {
      if (await part.read(key)) overwritten.push(key)
      await part.write(key, entry)
    }
  }
  return { journal: watched, overwritten }
}

/** A model whose worker is lost at the third generation after opening, where `isDue`. */
function dying(handle: ModelHandle, isDue: () => boolean): ModelHandle {
  let calls = 0
  return new Proxy(handle, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (name !== 'generate') return typeof value === 'function' ? (value.bind(target) as unknown) : value
      return (...args: Parameters<ModelHandle['generate']>) => {
        if (++calls === 3 && isDue()) return Promise.reject(new LabError('worker-lost', 'the worker stopped'))
        return target.generate(...args)
      }
    }
  })
}

const alone: readonly Family[] = ['wrong-layer', 'wrong-source', 'sign']
const members: readonly Family[] = ['random', 'orthogonal', 'in-subspace', 'swapped']
const mapped: readonly Family[] = ['mapped-random', 'mapped-orthogonal', 'shuffled-pairing']
/** One of several of its family, which are asked less often each. */
const isMember = (family: Family): boolean => members.includes(family) || mapped.includes(family)
const isControl = (family: Family): boolean => alone.includes(family) || isMember(family)
