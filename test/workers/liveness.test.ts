/** Steering that does not reach the logits is an error, never a silent no-op. */
import { expect, it } from 'vitest'
import { Engine } from '../../workers/engine'
import type { Host, Runtime, Session, Tensor } from '../../workers/host'
import { loadFixture } from '../fixtures'
import { fixtureFiles, ids } from './fixture-host'

const name = 'llama-genai'
const [prompt = []] = loadFixture(name).reference.prompts
const steering = (layer: number) => ({
  interventions: [{ mode: 'add' as const, layer, vector: new Float32Array(64).fill(1), coefficient: 3 }]
})

/** A host whose sessions ignore what is fed to steer layer 1. */
function deafAtLayerOne(): Host {
  const host = fixtureFiles(name)
  const deafen = (runtime: Runtime, session: Session): Session => {
    const zero = (like: Tensor): Tensor => new runtime.Tensor('float32', new Float32Array(like.size), like.dims)
    const run = session.run.bind(session)
    return Object.assign(session, {
      run: (feeds: Record<string, Tensor>, fetches: readonly string[]) =>
        run(
          Object.fromEntries(
            Object.entries(feeds).map(([key, tensor]) => [key, key.startsWith('steer.1.') ? zero(tensor) : tensor])
          ),
          fetches
        )
    })
  }
  return {
    ...host,
    openRuntime: async (device, options) => {
      const runtime = await host.openRuntime(device, options)
      return { ...runtime, createSession: async (...args) => deafen(runtime, await runtime.createSession(...args)) }
    }
  }
}

it('names the layer that does not answer, and steers the others', async () => {
  const engine = new Engine(deafAtLayerOne())
  await engine.open({ kind: 'folder', path: name }, { dtype: 'fp32' })
  const options = { maxTokens: 3, sampling: { temperature: 0 } }
  await expect(engine.generate([{ prompt: ids(prompt), steering: steering(1) }], options)).rejects.toMatchObject({
    code: 'graph',
    message: expect.stringContaining('steering layer 1 does not reach the logits')
  })
  const { completions } = await engine.generate([{ prompt: ids(prompt), steering: steering(0) }], options)
  expect(completions[0]?.ids.length).toBeGreaterThan(0)
  await engine.close()
})
