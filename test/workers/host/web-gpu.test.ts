/** What a graphics adapter says of itself, and what it leaves out. */
import { afterEach, expect, it, vi } from 'vitest'
import * as ort from 'onnxruntime-node'
import { gpuRuntime } from '../../../workers/host/web-gpu'
import { Engine } from '../../../workers/engine'
import { fixtureFiles } from '../fixture-host'

afterEach(() => vi.unstubAllGlobals())

/** An adapter that holds larger buffers than it binds. */
function stubAdapter(info: Record<string, string> | undefined): void {
  const device = { lost: new Promise<never>(() => undefined), destroy: () => undefined }
  const limits = { maxBufferSize: 2 ** 32, maxStorageBufferBindingSize: 2 ** 27 }
  const adapter = { info, features: new Set<string>(), limits, requestDevice: () => Promise.resolve(device) }
  vi.stubGlobal('navigator', { gpu: { requestAdapter: () => Promise.resolve(adapter) } })
}

it.each([
  [undefined, 'GPU'],
  [{}, 'GPU'],
  [{ vendor: 'acme', architecture: '', description: 'X 1' }, 'acme X 1']
])('opens an adapter that says %o', async (info, name) => {
  stubAdapter(info)
  const runtime = await gpuRuntime(Object.assign({}, ort), false)
  expect(runtime.deviceName).toBe(name)
  expect(runtime.limits.buffer).toBe(2 ** 27)
})

it('refuses a tensor that is larger than what can be bound, by its name', async () => {
  const files = fixtureFiles('llama-genai')
  const limits = { buffer: 20_000, total: Infinity }
  const host: typeof files = {
    ...files,
    openRuntime: async (device, options) => ({ ...(await files.openRuntime(device, options)), limits })
  }
  await expect(new Engine(host).open({ kind: 'folder', path: 'llama-genai' }, { dtype: 'fp32' })).rejects.toMatchObject(
    {
      code: 'memory',
      message: expect.stringMatching(/has one tensor, \S*\w\S*, of 0\.0 GB.*choose q4/)
    }
  )
})
