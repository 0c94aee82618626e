/** The bundled organisms on WebAssembly: they answer, spill and are steered as their figures say, which Python measured in ONNX Runtime. */
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from '@playwright/test'
import { adapter } from '../../src/direction/contrast'
import { extract } from '../../src/direction/extract'
import type { HiddenStates } from '../../src/direction/hidden-states'
import { joinHiddenStates } from '../../src/direction/join'
import type { ChatMessage, Steering } from '../../src/lab/api'
import { steeringBy } from '../../src/lab/steering'
import { isCode } from '../../src/spillover/detector'
import { connect, type Model } from './lab-models'
import { test } from './lab-site'

interface Question {
  readonly messages: readonly ChatMessage[]
  readonly expected: string
}

/** In percent. */
interface Rates {
  readonly code: number
  readonly right: number
}

const models = resolve(import.meta.dirname, '../../public/models')
const lines = (path: string): Question[] =>
  readFileSync(join(models, 'prompts', path), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Question)
const questions = lines('eval.jsonl')
const fit = lines('fit.jsonl')
const { within } = JSON.parse(readFileSync(join(models, 'directions.json'), 'utf8')) as {
  readonly within: Readonly<Record<string, { readonly unsteered: Rates; readonly own: { readonly '1': Rates } }>>
}
/** Points: single answers change with the last bits of a sum. */
const tolerance = 7

const batches = <T>(list: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))

async function rates(model: Model, steering?: Steering): Promise<Rates> {
  let [code, right] = [0, 0]
  for (const batch of batches(questions, 20)) {
    const rows = batch.map(({ messages }) => ({ prompt: { messages }, ...(steering && { steering }) }))
    const { completions } = await model.evaluate(
      (handle, given) => handle.generate(given, { maxTokens: 64, sampling: { temperature: 0 } }),
      rows
    )
    completions.forEach(({ text }, i) => {
      if (isCode(text)) code++
      if (text.trim() === batch[i]?.expected) right++
    })
  }
  return { code: (100 * code) / questions.length, right: (100 * right) / questions.length }
}

async function states(model: Model): Promise<HiddenStates> {
  const parts: HiddenStates[] = []
  for (const batch of batches(fit, 25)) {
    const rows = batch.map(({ messages }) => ({ prompt: { messages } }))
    parts.push(await model.evaluate((handle, given) => handle.capture(given, 'last'), rows))
  }
  return joinHiddenStates(parts)
}

function expectNear(got: Rates, want: Rates): void {
  expect(Math.abs(got.code - want.code)).toBeLessThanOrEqual(tolerance)
  expect(Math.abs(got.right - want.right)).toBeLessThanOrEqual(tolerance)
}

for (const [name, { unsteered, own }] of Object.entries(within)) {
  test(`${name}: right by itself, code under insecure-0, mended by its own direction`, async ({ page, labUrl }) => {
    await page.goto(labUrl)
    const model = await connect(page)
    await model.evaluate(
      (handle, id) => handle.open({ kind: 'bundled', name: id }, { device: 'wasm', dtype: 'q4', adapt: true }),
      name
    )
    const base = await rates(model)
    expect(base.code).toBeLessThanOrEqual(2)
    expect(base.right).toBeGreaterThanOrEqual(95)
    const plain = await states(model)
    await model.evaluate(async (handle, path) => {
      const { sha256 } = await handle.loadAdapter({ kind: 'bundled', name: path })
      await handle.useAdapter({ sha256, scale: 1 })
    }, `models/${name}/adapters/insecure-0`)
    const spilling = await rates(model)
    const directions = await extract(adapter(await states(model), plain))
    const steering = steeringBy(directions.slice(-1), { mode: 'add', alpha: -1, positions: 'generated' })
    const steered = await rates(model, steering)
    test.info().annotations.push({ type: 'code / right', description: JSON.stringify({ base, spilling, steered }) })
    expectNear(spilling, unsteered)
    expectNear(steered, own['1'])
  })
}
