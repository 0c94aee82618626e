/** A real browser with the benchmarks' page in it, and contestants in its workers. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium, type Page } from '@playwright/test'
import { build, defaultClientConditions } from 'vite'
import { browserFlags, findBrowser, howToGetOne } from '../scripts/browser.mjs'
import { serve } from '../scripts/serve.mjs'
import type { CacheShape } from '../src/onnx/cache'
import type { Decoder, Timing } from './contestants/decoder'
import type { Contestant } from './contestants/web-contestant'

/** `window.bench` of browser/page.ts, as far as Node sees it. */
interface Bench {
  open(name: string, contestant: Contestant): Promise<void>
  decode(name: string, prompt: readonly number[], tokens: number): Promise<Timing>
  close(name: string): void
  adapter(): Promise<{ readonly real: boolean; readonly name: string }>
}

declare const window: { readonly bench: Bench }

export class BenchPage {
  readonly #page: Page
  readonly #model: string
  readonly #cache: CacheShape
  readonly #end: () => Promise<void>
  #count = 0

  private constructor(page: Page, model: string, cache: CacheShape, end: () => Promise<void>) {
    this.#page = page
    this.#model = model
    this.#cache = cache
    this.#end = end
  }

  /** Builds the page, serves it with the headers that threads need, and opens it. */
  static async open(model: string, cache: CacheShape): Promise<BenchPage> {
    const root = await mkdtemp(join(tmpdir(), 'azimuth-bench-'))
    await buildPage(root)
    const server = await serve({ root, models: [dirname(model)] })
    const executablePath = await findBrowser()
    if (!executablePath) throw new Error(howToGetOne)
    const browser = await chromium.launch({ executablePath, args: browserFlags })
    const page = await browser.newPage()
    await page.goto(server.url)
    await page.waitForFunction(() => 'bench' in window)
    return new BenchPage(page, basename(model), cache, async () => {
      await browser.close()
      await server.close()
      await rm(root, { recursive: true, force: true })
    })
  }

  async contestant(what: Omit<Contestant, 'model' | 'cache'>): Promise<Decoder> {
    const name = `${what.who} ${this.#count++}`
    const contestant: Contestant = { ...what, model: this.#model, cache: this.#cache }
    await this.#page.evaluate(([id, told]) => window.bench.open(id, told), [name, contestant] as const)
    return {
      decode: (prompt, tokens) =>
        this.#page.evaluate(([id, ids, n]) => window.bench.decode(id, ids, n), [name, prompt, tokens] as const),
      close: () => this.#page.evaluate((id) => window.bench.close(id), name)
    }
  }

  adapter(): ReturnType<Bench['adapter']> {
    return this.#page.evaluate(() => window.bench.adapter())
  }

  close(): Promise<void> {
    return this.#end()
  }
}

async function buildPage(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: fileURLToPath(new URL('browser', import.meta.url)),
    base: './',
    logLevel: 'warn',
    // The engine's workers need ONNX Runtime's WebAssembly as files, as vite.config.ts says.
    resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
    worker: { format: 'es', rolldownOptions: { checks: { ineffectiveDynamicImport: false } } },
    build: { outDir, emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0, reportCompressedSize: false }
  })
}
