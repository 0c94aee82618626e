/** A GPU device that is lost under an open model: the work under way says so, the next one opens the model again. */
import { expect, it } from 'vitest'
import { LabError } from '../../../src/errors'
import { LiveModel } from '../../../src/lab/live/live-model'
import { fakeModel } from '../../fake-lab'

const rows = [{ prompt: { text: 'a' } }]

/** A model whose device is lost when `lose` is called, until it is opened again. Where it does not heal, there is no GPU any more. */
function mortal(heals = true): {
  readonly live: LiveModel
  readonly lose: () => void
  readonly reopened: () => number
} {
  let [isLost, reopened] = [false, 0]
  const onCall = (): void => {
    if (isLost) throw new LabError('device', 'the GPU was lost: open the model again')
  }
  const model = fakeModel({ layers: 2, onCall })
  const live = new LiveModel({
    ...model,
    async reopen() {
      reopened++
      if (!heals) throw new LabError('device', 'WebGPU found no graphics adapter: open it on wasm')
      isLost = false
      return model.reopen()
    }
  })
  return { live, lose: () => void (isLost = true), reopened: () => reopened }
}

it('is told to the work under way, and replaced for the next, under the adapter of the reader', async () => {
  const { live, lose, reopened } = mortal()
  const { sha256 } = await live.load({ kind: 'files', name: 'mine', files: [] })
  const choice = { sha256, scale: 1 }
  await live.use(choice)
  lose()
  const first = live.under(choice, (lent) => lent.capture(rows, 'last'), { what: 'capture' })
  await expect(first).rejects.toMatchObject({ code: 'device' })
  const states = await live.under(choice, (lent) => lent.capture(rows, 'last'), { what: 'capture' })
  expect(states.model.adapter).toMatchObject(choice)
  await live.under(choice, (lent) => lent.capture(rows, 'last'), { what: 'capture' })
  expect(reopened()).toBe(1)
})

it('a GPU that stays away is said each time', async () => {
  const { live, lose, reopened } = mortal(false)
  lose()
  for (const text of [/was lost/, /no graphics adapter/, /no graphics adapter/]) {
    const work = live.under(null, (lent) => lent.capture(rows, 'last'), { what: 'capture' })
    await expect(work).rejects.toThrow(text)
  }
  expect(reopened()).toBe(2)
})
