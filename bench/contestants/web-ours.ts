/** Our engine in the browser, as the page's own worker runs it. */
import type { GenerateRow } from '../../src/lab/api'
import { Engine } from '../../workers/engine'
import { webHost } from '../../workers/host/host-web'
import { timing, type Decoder } from './decoder'
import type { Contestant } from './web-contestant'

export async function openOurs({ model, device, dtype, write, steering }: Contestant): Promise<Decoder> {
  const engine = new Engine(webHost)
  const url = new URL(`/models/${model}/`, self.location.origin).href
  await engine.open({ kind: 'url', url }, { dtype, device, ...(write && { write }) })
  return {
    async decode(prompt, tokens) {
      const row: GenerateRow = { prompt: { ids: prompt }, ...(steering && { steering }) }
      const arrivals: number[] = []
      const began = performance.now()
      await engine.generate([row], { maxTokens: tokens, sampling: { temperature: 0 } }, () => {
        arrivals.push(performance.now())
      })
      return timing(began, arrivals)
    },
    close: () => engine.close()
  }
}
