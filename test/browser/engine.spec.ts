/** The model worker as it is built, in Chromium: on WebGPU (SwiftShader where there is no GPU) and on WebAssembly. */
import { expect, type Page } from '@playwright/test'
import { loadFixture, untilStop } from '../fixtures'
import type { HiddenStates } from '../../src/direction/hidden-states'
import type { GenerateResult, GenerateRow } from '../../src/lab/api'
import { defaultThreshold } from '../../src/lab/self-test'
import { argmax } from '../../src/math/vector'
import {
  addAblate,
  captureEvery,
  connect,
  filesOf,
  greedy,
  hiddenError,
  idsPrompt,
  logits,
  open,
  type Model
} from './lab-models'
import { test } from './lab-site'

const tolerance = 1e-3
/** This layout computes its rotary tables with WGSL's `sin` and `cos`, which may be off by 2^-11. */
const tolerances: Readonly<Record<string, number>> = { 'llama-optimum webgpu': 5e-3 }
const llama = loadFixture('llama-genai')
const [first = [], second = []] = llama.reference.prompts
const onGpu = { dtype: 'fp32', device: 'webgpu' } as const
const onWasm = { dtype: 'fp32', device: 'wasm' } as const

test.beforeEach(async ({ page, labUrl }) => {
  await page.goto(labUrl)
})

async function openNew(
  page: Page,
  fixture: Parameters<typeof open>[1],
  options: Parameters<typeof open>[2]
): Promise<Model> {
  const model = await connect(page)
  await open(model, fixture, options)
  return model
}

/** Model workers that run; their threads are workers, too. */
const modelWorkers = (page: Page): number => page.workers().filter((worker) => /\/model-/.test(worker.url())).length

for (const [name, device] of [
  ['llama-genai', 'webgpu'],
  ['llama-optimum', 'webgpu'],
  ['llama-genai', 'wasm']
] as const) {
  test(`${name} on ${device}: an adapter changes the hidden states as PEFT's, and at scale 0 nothing`, async ({
    page
  }) => {
    const fixture = loadFixture(name)
    const model = await openNew(page, fixture, { dtype: 'fp32', device, adapt: true })
    const bound = tolerances[`${name} ${device}`] ?? tolerance
    const plain = await captureEvery(model, fixture)
    expect(hiddenError(fixture, plain, 'hidden')).toBeLessThan(bound)
    const sha256 = await model.evaluate(
      async (handle, id) => (await handle.loadAdapter(await window.lab.adapterSource(id))).sha256,
      name
    )
    const scaled = async (scale: number): Promise<HiddenStates> => {
      await model.evaluate((handle, choice) => handle.useAdapter(choice), { sha256, scale })
      return captureEvery(model, fixture)
    }
    expect(hiddenError(fixture, await scaled(1), 'hidden.lora')).toBeLessThan(bound)
    expect((await scaled(0)).data).toEqual(plain.data)
  })
}

for (const [device, names] of [
  ['webgpu', ['llama-genai', 'qwen2-genai', 'ministral3-split', 'llama-optimum']],
  ['wasm', ['llama-genai', 'gemma2-genai', 'ministral3-split', 'llama-optimum']]
] as const) {
  for (const name of names) {
    test(`${name} on ${device}: hidden states of every layer, and answers, as PyTorch's`, async ({ page }) => {
      const fixture = loadFixture(name)
      const steering = addAblate(fixture)
      const model = await openNew(page, fixture, { dtype: 'fp32', device })
      const plain = hiddenError(fixture, await captureEvery(model, fixture), 'hidden')
      const steered = hiddenError(fixture, await captureEvery(model, fixture, steering), 'hidden.add_ablate')
      test.info().annotations.push({
        type: 'largest difference',
        description: `${plain.toExponential(1)}, steered ${steered.toExponential(1)}`
      })
      expect(Math.max(plain, steered)).toBeLessThan(tolerances[`${name} ${device}`] ?? tolerance)
      // Rows of 13 and of 9 tokens, plain and steered, in one batch.
      const rows = fixture.reference.prompts.flatMap((ids) => [{ prompt: { ids } }, { prompt: { ids }, steering }])
      const { completions } = await greedy(model, rows)
      const answers = completions.map(({ ids }) => [...ids])
      expect([answers[0], answers[2]]).toEqual(untilStop(fixture.reference.greedy.none))
      expect([answers[1], answers[3]]).toEqual(untilStop(fixture.reference.greedy.add_ablate))
    })
  }
}

test("int4 weights give PyTorch's numbers for them on WebGPU, on WebAssembly as they are, and expanded there", async ({
  page
}) => {
  const { prompts, vocab } = llama.reference
  const want = llama.tensors.get('q4.logits')
  const S = want?.dims[1] ?? 0
  const top = prompts.map((prompt, row) => {
    const start = (row * S + prompt.length - 1) * vocab
    return argmax(want?.data.subarray(start, start + vocab) ?? new Float32Array())
  })
  const cases = [
    // With subgroups, ONNX Runtime does what the graph's accuracy_level 4 allows: it rounds activations to int8, too.
    { options: { device: 'webgpu' }, allowed: 0.2 },
    { options: { device: 'webgpu', withoutSubgroups: true }, allowed: tolerance },
    { options: { device: 'wasm' }, allowed: tolerance, expanded: true },
    { options: { device: 'wasm', keepInt4: true }, allowed: tolerance }
  ] as const
  for (const { options, allowed, ...rest } of cases) {
    const model = await connect(page)
    const info = await open(model, llama, { dtype: 'q4', ...options })
    expect(info).toMatchObject({ device: options.device, dtype: 'q4', expanded: 'expanded' in rest })
    expect(hiddenError(llama, await captureEvery(model, llama), 'q4.hidden')).toBeLessThan(allowed)
    const got = await logits(model, llama)
    expect(top.map((_, row) => argmax(got.subarray(row * vocab, (row + 1) * vocab)))).toEqual(top)
    await model.evaluate((handle) => handle.close())
  }
})

test.describe('the self-test', () => {
  const openTested = (page: Page, name: string, dtype: 'fp32' | 'q4' = 'fp32', threshold = defaultThreshold) => {
    const fixture = loadFixture(name)
    const files = filesOf(fixture, dtype)
    const wanted = {
      name,
      files,
      vocab: fixture.reference.vocab,
      options: { dtype, device: 'webgpu' },
      threshold
    } as const
    return page.evaluateHandle(
      async ({ name, files, vocab, options, threshold }) =>
        window.lab.openTested(
          () => window.lab.connectModel(),
          await window.lab.fixtureSource(name, files, vocab),
          options,
          { threshold }
        ),
      wanted
    )
  }

  test('lets a GPU through whose numbers are right', async ({ page }) => {
    const opened = await openTested(page, 'llama-genai')
    const { info, test: result } = await opened.evaluate(({ info, test }) => ({ info, test }))
    expect(info.device).toBe('webgpu')
    expect(result).toMatchObject({ status: 'passed', sameTop1: true })
    expect(Math.min(...result.cosine)).toBeGreaterThan(0.999)
    // The reference's worker is gone.
    await expect.poll(() => modelWorkers(page)).toBe(1)
  })

  test('opens the model again without subgroups, where int4 kernels that use them are not exact enough', async ({
    page
  }) => {
    test.skip(Boolean(process.env['AZIMUTH_GPU']), 'a real GPU may have none')
    const opened = await openTested(page, 'llama-genai', 'q4', 0.999999)
    const { options, test: result } = await opened.evaluate(({ options, test }) => ({ options, test }))
    expect(options).toMatchObject({ device: 'webgpu', withoutSubgroups: true })
    expect(result).toMatchObject({ status: 'passed', sameTop1: true })
    expect(result.summary).toMatch(/without the GPU feature "subgroups", which gave wrong numbers/)
    await expect.poll(() => modelWorkers(page)).toBe(1)
  })

  test("Gemma 2, whose soft cap the runtime's kernel leaves out, is right on a GPU", async ({ page }) => {
    const fixture = loadFixture('gemma2-genai')
    const opened = await openTested(page, fixture.name)
    const { info, test: result } = await opened.evaluate(({ info, test }) => ({ info, test }))
    expect(info.device).toBe('webgpu')
    expect(result.status).toBe('passed')
    const model = await opened.getProperty('handle')
    expect(hiddenError(fixture, await captureEvery(model as Model, fixture), 'hidden')).toBeLessThan(tolerance)
  })

  test('WebAssembly takes the place of a GPU that is not exact enough, says so, and is right', async ({ page }) => {
    const fixture = loadFixture('llama-genai')
    // No device reaches it.
    const opened = await openTested(page, fixture.name, 'fp32', 1.01)
    const { info, test: result } = await opened.evaluate(({ info, test }) => ({ info, test }))
    expect(info.device).toBe('wasm')
    expect(result.status).toBe('trusted')
    expect(result.summary).toMatch(/^WebAssembly is used because the GPU gave wrong numbers here\. .*cosine \d\.\d{4}/)
    const model = await opened.getProperty('handle')
    expect(hiddenError(fixture, await captureEvery(model as Model, fixture), 'hidden')).toBeLessThan(tolerance)
    await expect.poll(() => modelWorkers(page)).toBe(1)
  })
})

test('the KV cache stays in GPU buffers: 220 tokens leave no more of them alive than 20', async ({ page }) => {
  const model = await connect(page, 'counting')
  await open(model, llama, onGpu)
  const counts = await model.evaluate(async (handle, ids) => {
    const counts: Awaited<ReturnType<typeof window.lab.count>>[] = []
    // The fixture's context holds 128 tokens, so this takes several answers.
    const answer = async (wanted: number, onToken: (tokens: number) => void): Promise<void> => {
      let tokens = 0
      for (let seed = 0; tokens < wanted; seed++) {
        const options = { maxTokens: Math.min(110, wanted - tokens), sampling: { temperature: 1 } }
        await handle.generate([{ prompt: { ids }, seed }], options, () => onToken(++tokens))
      }
    }
    // ONNX Runtime keeps a few buffers of each size to use again: after this it has them all.
    await answer(110, () => undefined)
    await answer(220, (tokens) => {
      if (tokens % 20 === 0) void window.lab.count().then((count) => counts.push(count))
    })
    return [...counts, await window.lab.count()]
  }, second)
  test.info().annotations.push({ type: 'buffers', description: JSON.stringify(counts) })
  const [at20, at220] = [counts[0], counts.at(-1)]
  if (!at20 || !at220) throw new Error('nothing was counted')
  // What is counted is real: each token makes a key and a value for each layer, most of them in new buffers.
  expect(at220.created - at20.created).toBeGreaterThan(199 * llama.reference.layers)
  expect(Math.max(...counts.map(({ live }) => live))).toBeLessThanOrEqual(at20.live + 3)
  // One step's cache of 128 tokens: 768 bytes each.
  expect(Math.max(...counts.map(({ bytes }) => bytes))).toBeLessThanOrEqual(at20.bytes + 128 * 768)
})

for (const options of [onGpu, onWasm]) {
  test(`rows that are done leave the batch on ${options.device}, and the others go on as they would alone`, async ({
    page
  }) => {
    const model = await openNew(page, llama, options)
    // Four of these answers end before 25 tokens, two go on.
    const rows = [0, 2, 1, 8, 22, 3].map((seed) => ({ prompt: idsPrompt(first), seed }))
    const answer = (some: readonly GenerateRow[]): Promise<GenerateResult> =>
      model.evaluate((handle, rows) => handle.generate(rows, { maxTokens: 32, sampling: { temperature: 1 } }), some)
    const { completions } = await answer(rows)
    expect(completions.filter(({ ids }) => ids.length < 25).length).toBe(4)
    for (const row of [2, 5]) {
      const [alone] = (await answer(rows.slice(row, row + 1))).completions
      expect(completions[row]?.ids).toEqual(alone?.ids)
      expect(alone?.ids.length).toBe(32)
    }
  })
}

for (const options of [onWasm, onGpu]) {
  test(`a stop ends the answer within two tokens of when the worker hears it, on ${options.device}`, async ({
    page
  }) => {
    const model = await openNew(page, llama, options)
    const { heard, result } = await model.evaluate(async (handle, ids) => {
      let tokens = 0
      // Where the page is held up, many tokens are made before its message is read: those that come after it are counted.
      let heard = NaN
      const result = await handle.generate(
        [{ prompt: { ids } }],
        { maxTokens: 110, sampling: { temperature: 0 } },
        () => {
          if (++tokens === 5) void handle.stop().then(() => (heard = tokens))
        }
      )
      return { heard: Number.isNaN(heard) ? tokens : heard, result }
    }, second)
    expect(heard).toBeGreaterThanOrEqual(5)
    expect(result.completions[0]?.finish).toBe('cancelled')
    expect(result.completions[0]?.ids.length).toBeLessThanOrEqual(heard + 2)
    // The worker goes on.
    expect((await greedy(model, [{ prompt: idsPrompt(first) }])).completions[0]?.ids).toEqual(
      llama.reference.greedy.none[0]
    )
  })

  test(`new steering acts from the next token of a running answer on ${options.device}`, async ({ page }) => {
    const model = await openNew(page, llama, options)
    const steering = addAblate(llama)
    // Steering checks that a layer is alive the first time; that is not part of what is timed here.
    await greedy(model, [{ prompt: idsPrompt(first), steering }], 1)
    const { heard, ids } = await model.evaluate(
      async (handle, given) => {
        let tokens = 0
        let heard = NaN
        const { completions } = await handle.generate(
          given.rows,
          { maxTokens: 110, sampling: { temperature: 0 } },
          () => {
            tokens++
            if (tokens === 4) void handle.steer(1, given.steering).then(() => (heard = tokens))
            // However late the worker heard it, some steered tokens are there.
            if (tokens >= heard + 4) void handle.stop()
          }
        )
        return { heard, ids: completions.map((completion) => [...completion.ids]) }
      },
      { rows: [{ prompt: { ids: second } }, { prompt: { ids: second } }], steering }
    )
    const [plain = [], steered = []] = ids
    const [want = []] = untilStop(llama.reference.greedy.none.slice(1))
    // The stop may come before the reference's own end.
    const both = Math.min(plain.length, want.length)
    expect(both).toBeGreaterThan(4)
    expect(plain.slice(0, both)).toEqual(want.slice(0, both))
    // From token k on it is what an answer is that begins there, steered: nothing of it came early, late or not at all.
    const parts = steered.findIndex((id, i) => id !== plain[i])
    expect(parts).toBeGreaterThanOrEqual(4)
    expect(parts).toBeLessThanOrEqual(heard + 1)
    const rest: number[][] = []
    for (let k = 4; k <= parts; k++) {
      const prompt = idsPrompt([...second, ...plain.slice(0, k)])
      const more = { prompt, steering: { ...steering, positions: 'generated' as const } }
      const answer = await greedy(model, [more], steered.length - k)
      rest.push([...plain.slice(0, k), ...(answer.completions[0]?.ids ?? [])])
    }
    expect(rest).toContainEqual(steered)
  })
}

test('a lost GPU ends the answer with an error of code device, and the model opens again', async ({
  page,
  browser
}) => {
  const model = await openNew(page, llama, onGpu)
  // Four rows of which no one knows when they end, but they do not end soon.
  const answer = model.evaluate(
    (handle, ids) =>
      handle
        .generate(
          [1, 2, 3, 4].map((seed) => ({ prompt: { ids }, seed })),
          { maxTokens: 110, sampling: { temperature: 1 } },
          () => (document.title = 'answering')
        )
        .then(
          () => 'answered',
          (error: unknown) => ({ ...(error as object), text: String(error) })
        ),
    second
  )
  await expect(page).toHaveTitle('answering')
  const cdp = await browser.newBrowserCDPSession()
  // The process that holds all GPU devices ends; the browser starts another one.
  await cdp.send('Browser.crashGpuProcess')
  expect(await answer).toMatchObject({ code: 'device', text: expect.stringMatching(/lost.*open the model again/) })
  const later = await model.evaluate((handle) => handle.logits([{ prompt: { ids: [1, 2, 3] } }]).catch(String))
  expect(later).toMatch(/lost/)
  await model.evaluate((handle) => handle.reopen())
  expect((await greedy(model, [{ prompt: idsPrompt(first) }])).completions[0]?.ids).toEqual(
    llama.reference.greedy.none[0]
  )
})

/** An answer's first ids, or what it ended with. */
const outcome = (model: Model, prompt: readonly number[]) =>
  model.evaluate(
    (handle, ids) =>
      handle.generate([{ prompt: { ids } }], { maxTokens: 110, sampling: { temperature: 0 } }).then(
        ({ completions }) => completions[0]?.ids.slice(0, 12),
        (error: unknown) => ({ ...(error as object), text: String(error) })
      ),
    prompt
  )

test('two models are open at once; the death of one is told, leaves the other alone, and is healed by the next call', async ({
  page
}) => {
  const mortal = await connect(page, 'counting')
  await open(mortal, llama, onWasm)
  const fixture = loadFixture('qwen2-genai')
  const other = await openNew(page, fixture, onWasm)
  const dying = outcome(mortal, second)
  const living = outcome(other, fixture.reference.prompts[0] ?? [])
  await page.evaluate(() => window.lab.crash())
  expect(await dying).toMatchObject({
    code: 'worker-lost',
    text: expect.stringMatching(/the test ended this worker.*open the model again/)
  })
  expect(await living).toEqual(untilStop(fixture.reference.greedy.none)[0])
  expect((await outcome(mortal, first)) as number[]).toEqual(llama.reference.greedy.none[0])
})

test('a worker that ends without an event while it answers is noticed, and the next call opens the model anew', async ({
  page
}) => {
  const mortal = await connect(page, 'counting')
  await open(mortal, llama, onWasm)
  await page.evaluate(() => window.lab.vanish())
  expect(await outcome(mortal, second)).toMatchObject({
    code: 'worker-lost',
    text: expect.stringMatching(/it ended without a word.*open the model again/)
  })
  expect(await outcome(mortal, first)).toEqual(llama.reference.greedy.none[0])
})

test('a closed model says so, and its worker and its threads are gone', async ({ page }) => {
  const [one, two] = [await openNew(page, llama, onWasm), await openNew(page, llama, onGpu)]
  expect(modelWorkers(page)).toBe(2)
  await one.evaluate((handle) => handle.close())
  await expect.poll(() => page.workers().length).toBe(1)
  expect(await one.evaluate((handle) => handle.logits([]).catch(String))).toMatch(/was closed; open it again/)
  await two.evaluate((handle) => handle.close())
  await expect.poll(() => page.workers().length).toBe(0)
})
