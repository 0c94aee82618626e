/** Contestants in workers of their own, driven from Node through `window.bench`. */
import { wrap, type Remote } from 'comlink'
import type { Contestant, WebContestant } from '../contestants/web-contestant'

const open = new Map<string, { readonly worker: Worker; readonly remote: Remote<WebContestant> }>()

const bench = {
  async open(name: string, contestant: Contestant): Promise<void> {
    const worker = new Worker(new URL('../contestants/web-contestant-worker.ts', import.meta.url), { type: 'module' })
    const remote = wrap<WebContestant>(worker)
    open.set(name, { worker, remote })
    const failed = new Promise<never>((_, reject) =>
      worker.addEventListener('error', (event) => reject(new Error(event.message || 'the worker could not be loaded')))
    )
    await Promise.race([remote.open(contestant), failed])
  },

  decode(name: string, prompt: readonly number[], tokens: number): ReturnType<WebContestant['decode']> {
    const found = open.get(name)
    if (!found) throw new Error(`${name} is not open`)
    return found.remote.decode(prompt, tokens)
  },

  /** Ends the worker, which is the only way that gives WebAssembly memory back. */
  close(name: string): void {
    open.get(name)?.worker.terminate()
    open.delete(name)
  },

  /** The graphics adapter, or why there is none to measure on. */
  async adapter(): Promise<{ readonly real: boolean; readonly name: string }> {
    if (!('gpu' in navigator)) return { real: false, name: 'no WebGPU' }
    const adapter = await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })
    if (!adapter) return { real: false, name: 'no adapter' }
    const { vendor, architecture, isFallbackAdapter } = adapter.info
    return isFallbackAdapter
      ? { real: false, name: 'software adapter' }
      : { real: true, name: `${vendor} ${architecture}` }
  }
}

declare global {
  interface Window {
    bench: typeof bench
  }
}

window.bench = bench
