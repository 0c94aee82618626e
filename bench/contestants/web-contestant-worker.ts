/** Worker entry: one contestant of the browser's figures. */
import { expose } from 'comlink'
import type { Decoder, Timing } from './decoder'
import type { Contestant, WebContestant } from './web-contestant'

let decoder: Decoder | null = null

const contestant: WebContestant = {
  async open(what: Contestant): Promise<void> {
    decoder = await openDecoder(what)
  },

  decode(prompt, tokens): Promise<Timing> {
    if (!decoder) throw new Error('open comes first')
    return decoder.decode(prompt, tokens)
  }
}

async function openDecoder(what: Contestant): Promise<Decoder> {
  switch (what.who) {
    case 'ours':
      return (await import('./web-ours')).openOurs(what)
    case 'untouched':
      return (await import('./web-untouched')).openUntouched(what)
    case 'transformers.js':
      return (await import('./web-transformers')).openTransformers(what)
  }
}

expose(contestant)
