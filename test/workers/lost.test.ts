/** A lost device ends the run that waits for it and every later one. */
import { expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { Engine } from '../../workers/engine'
import type { Host } from '../../workers/host/host'
import { loadFixture } from '../fixtures'
import { fixtureFiles, ids } from './fixture-host'

it('rejects the running call, and the ones after it, until the model is opened again', async () => {
  const name = 'llama-genai'
  const [prompt = []] = loadFixture(name).reference.prompts
  const host = fixtureFiles(name)
  let lose: (error: LabError) => void = () => undefined
  const losing: Host = {
    ...host,
    openRuntime: async (device, options) => {
      const lost = new Promise<never>((_, reject) => (lose = reject))
      lost.catch(() => undefined)
      return { ...(await host.openRuntime(device, options)), lost }
    }
  }
  const engine = new Engine(losing)
  await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32' })
  const options = { maxTokens: 50, sampling: { temperature: 1 } }
  let seen = 0
  const running = engine.generate([{ prompt: ids(prompt), seed: 1 }], options, () => {
    if (++seen === 3) lose(new LabError('device', 'the GPU was lost: open the model again'))
  })
  await expect(running).rejects.toMatchObject({ code: 'device' })
  await expect(engine.capture([{ prompt: ids(prompt) }], 'last')).rejects.toMatchObject({ code: 'device' })
  await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32' })
  expect((await engine.capture([{ prompt: ids(prompt) }], 'last')).rows).toBe(1)
  await engine.close()
})
