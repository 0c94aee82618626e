import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { Chat, type NamedSteering } from '../../src/state/chat.svelte'
import { fakeModel } from '../fake-lab'

/** The fake's planted direction is its first axis. */
function steeringOf(coefficient: number): NamedSteering {
  const vector = Float32Array.of(1)
  const steering = { interventions: [{ mode: 'add' as const, layer: 12, vector, coefficient }] }
  return { steering, label: `alpha ${coefficient}`, where: 'layer 12' }
}

const textOf = (tokens: readonly { readonly text: string }[]): string => tokens.map(({ text }) => text).join('')

describe('Chat', () => {
  it('answers twice, unsteered and steered', async () => {
    const chat = new Chat()
    await chat.ask(fakeModel(), steeringOf(8))
    expect(chat.status.kind).toBe('done')
    expect(chat.plain.tokens).toHaveLength(120)
    expect(chat.steered.finish).toBe('length')
    expect(textOf(chat.plain.tokens)).not.toMatch(/happy|joy/)
    expect(textOf(chat.steered.tokens)).toMatch(/happy|joy/)
  })

  it('gives the same text for the same seed', async () => {
    const [one, two] = [new Chat(), new Chat()]
    await Promise.all([one, two].map((chat) => chat.ask(fakeModel(), steeringOf(0))))
    expect(two.plain).toEqual(one.plain)
    two.seed = 1
    await two.ask(fakeModel(), steeringOf(0))
    expect(textOf(two.plain.tokens)).not.toBe(textOf(one.plain.tokens))
  })

  it('follows the controls from the next token on, and marks that token', async () => {
    const chat = new Chat()
    const asked = chat.ask(fakeModel({ delay: 2 }), steeringOf(0))
    await expect.poll(() => chat.steered.tokens.length).toBeGreaterThan(5)
    await chat.follow(steeringOf(8))
    await asked
    const at = chat.steered.tokens.findIndex(({ mark }) => mark !== undefined)
    expect(chat.steered.tokens[at]?.mark).toBe('alpha 8')
    expect(textOf(chat.steered.tokens.slice(0, at))).toBe(textOf(chat.plain.tokens.slice(0, at)))
    expect(textOf(chat.steered.tokens.slice(at))).not.toBe(textOf(chat.plain.tokens.slice(at)))
    expect(chat.plain.tokens.some(({ mark }) => mark !== undefined)).toBe(false)
  })

  it('sends the newest steering only, while a call is under way', async () => {
    const sent: number[] = []
    const model = fakeModel({ delay: 2 })
    const slow = {
      ...model,
      steer: async (_row: number, steering: NamedSteering['steering'] | null) => {
        const [one] = steering?.interventions ?? []
        if (one?.mode === 'add') sent.push(one.coefficient)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const chat = new Chat()
    const asked = chat.ask(slow, steeringOf(0))
    await expect.poll(() => chat.steered.tokens.length).toBeGreaterThan(2)
    await Promise.all([1, 2, 3, 4].map((alpha) => chat.follow(steeringOf(alpha))))
    await chat.stop()
    await asked
    expect(sent).toEqual([1, 4])
  })

  it('stops between tokens', async () => {
    const chat = new Chat()
    const asked = chat.ask(fakeModel({ delay: 2 }), steeringOf(0))
    await expect.poll(() => chat.plain.tokens.length).toBeGreaterThan(2)
    await chat.stop()
    await asked
    expect(chat.plain.finish).toBe('cancelled')
  })

  it('shows why it failed, and can ask again', async () => {
    const chat = new Chat()
    let fails = true
    const model = fakeModel({
      onCall: (name) => {
        if (name === 'generate' && fails) throw new LabError('device', 'the device was lost; open the model again')
      }
    })
    await chat.ask(model, steeringOf(1))
    expect(chat.status).toMatchObject({ kind: 'failed', error: { code: 'device' } })
    fails = false
    await chat.ask(model, steeringOf(1))
    expect(chat.status.kind).toBe('done')
  })
})
