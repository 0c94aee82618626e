import { readdirSync } from 'node:fs'
import { expect, test } from '@playwright/test'

test.use({ serviceWorkers: 'allow' })

test('the build holds one ONNX Runtime: each of its files once', () => {
  const runtimes = readdirSync('dist/assets').filter((file) => /ort-wasm.*\.(mjs|wasm)$/.test(file))
  const kinds = runtimes.map((file) => file.replace(/-[\w-]{8}(\.\w+)$/, '$1')).sort()
  expect(kinds).toEqual([
    'ort-wasm-simd-threaded.asyncify.mjs',
    'ort-wasm-simd-threaded.asyncify.wasm',
    'ort-wasm-simd-threaded.mjs',
    'ort-wasm-simd-threaded.wasm'
  ])
})

test('the page opens with threads, breaks no rule of its policy, and asks no other host for anything', async ({
  page,
  context,
  baseURL
}) => {
  const requests: string[] = []
  const complaints: string[] = []
  context.on('request', (request) => requests.push(request.url()))
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  await page.goto('./')
  await expect(page.locator('#app')).not.toBeEmpty()
  await page.waitForLoadState('networkidle')
  expect(await page.evaluate(() => [crossOriginIsolated, typeof SharedArrayBuffer])).toEqual([true, 'function'])
  expect(requests.filter((url) => !url.startsWith(baseURL ?? '') && !/^(data|blob):/.test(url))).toEqual([])
  expect(complaints).toEqual([])
})
