/** Steering that does not reach the logits is an error, never a silent no-op. */
import { expect, it } from 'vitest'
import { Engine } from '../../../workers/engine'
import type { Host, Runtime, Session, Tensor } from '../../../workers/host/host'
import { loadFixture } from '../../fixtures'
import { fixtureFiles, ids } from '../fixture-host'

const name = 'llama-genai'
const { prompts, layers } = loadFixture(name).reference
const [prompt = []] = prompts
const steering = (layer: number) => ({
  interventions: [{ mode: 'add' as const, layer, vector: new Float32Array(64).fill(1), coefficient: 3 }]
})

/** A host whose sessions ignore what is fed to steer layer 1. */
function deafAtLayerOne(): Host {
  const host = fixtureFiles(name)
  const deafen = (runtime: Runtime, session: Session): Session => {
    // Packed: layer by layer in one tensor.
    const without = ({ data, size, dims }: Tensor): Tensor => {
      const kept = Float32Array.from(data as Float32Array).fill(0, size / layers, (2 * size) / layers)
      return new runtime.Tensor('float32', kept, dims)
    }
    const run = session.run.bind(session)
    return Object.assign(session, {
      run: (feeds: Record<string, Tensor>, fetches: readonly string[]) =>
        run(
          Object.fromEntries(
            Object.entries(feeds).map(([key, tensor]) => [key, /^steer\.[bUW]$/.test(key) ? without(tensor) : tensor])
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
