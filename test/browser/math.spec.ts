/** The math worker as it is built, in Chromium. */
import { expect } from '@playwright/test'
import { test } from './lab-site'

test('a sweep runs beside the page, which goes on, and can be stopped', async ({ page, labUrl }) => {
  await page.goto(labUrl)
  const result = await page.evaluate(async () => {
    const [layers, rows, width] = [8, 60, 512]
    const side = (shift: number) => ({
      model: { id: 'noise', sha256: 'a', dtype: 'fp32', adapter: null },
      position: 'last' as const,
      ...{ layers, rows, width },
      data: Float32Array.from(
        { length: layers * rows * width },
        (_, i) => Math.sin(i * i) + (i % width === 0 ? shift : 0)
      ),
      prompt: Array.from({ length: rows }, (_, i) => i)
    })
    const contrast = () => ({ kind: 'lists' as const, positive: side(6), negative: side(-6), samePrompts: false })
    const math = window.lab.connectMath()
    let ticks = 0
    const ticking = setInterval(() => (ticks += 1), 4)
    const { separation, directions } = await math.fit(contrast())
    clearInterval(ticking)
    const controller = new AbortController()
    const stopped = math.fit(
      contrast(),
      { swaps: 200_000 },
      { signal: controller.signal, onShare: () => controller.abort() }
    )
    const ending = await stopped.then(
      () => 'finished',
      (error: unknown) => (error instanceof Error ? error.name : String(error))
    )
    return { ticks, ending, accuracy: separation.layers.map((layer) => layer.accuracy), axis: directions[0]?.vector[0] }
  })
  expect(result.accuracy).toHaveLength(8)
  for (const accuracy of result.accuracy) expect(accuracy).toBeGreaterThan(0.9)
  expect(result.axis).toBeGreaterThan(0.9)
  expect(result.ticks).toBeGreaterThan(10)
  expect(result.ending).toBe('AbortError')
})
