import { describe, expect, it } from 'vitest'
import { comparisonJson, comparisonText } from '../../../src/state/steer/copied'
import { Lab } from '../../../src/state/lab.svelte'
import { fakeOutside } from '../../fake-lab'

describe('a comparison that is copied', () => {
  it('says what each answer is and all that it depends on', async () => {
    const lab = new Lab(fakeOutside({ layers: 4 }))
    await lab.first.begin()
    lab.chat.maxTokens = 3
    lab.chat.seed = 8
    lab.controls.alpha = -2
    await lab.first.ask()
    const { shown } = lab.chat
    if (!shown) throw new Error('nothing was answered')
    expect(comparisonText(shown)).toMatch(
      new RegExp(
        `^Question: ${shown.question}\n\nSmolLM2-135M-Instruct, unsteered, not code:\n.+\n\n` +
          `SmolLM2-135M-Instruct, steered \\(alpha \u22122.00, layer ${lab.fits.layer}\\), not code:\n.+\n\n` +
          `hub:.+, q4 on wasm; direction gloomy \u2212 joyful, layer ${lab.fits.layer}; temperature 0.3, seed 8$`
      )
    )
    expect(JSON.parse(comparisonJson(shown))).toMatchObject({
      question: shown.question,
      model: { id: lab.models.active?.info.id, adapter: null },
      direction: { positive: 'gloomy', method: 'difference-in-means', layer: lab.fits.layer },
      sampling: { temperature: 0.3, seed: 8, maxTokens: 3 },
      answers: [
        { arm: 'base', steering: null, tokens: { length: 3 }, finish: 'length' },
        { arm: 'steered', steering: `alpha \u22122.00, layer ${lab.fits.layer}`, verdict: 'not code' }
      ],
      link: lab.address.link
    })
  })
})
