/** A page with nothing but the worker of the sources, and how it is asked. */
import { test as base, type Page } from '@playwright/test'
import { createServer } from 'node:http'
import { resolve } from 'node:path'
import { build } from 'vite'
import type { Call } from '../../workers/sources/sources-call'

interface Site {
  readonly url: string
  close(): void
}

/** A page that has the worker; its origin differs from the hub's, so that CORS is at work. */
async function startSite(): Promise<Site> {
  const built = await build({
    configFile: false,
    logLevel: 'error',
    build: {
      write: false,
      minify: false,
      lib: { entry: resolve(import.meta.dirname, '../../workers/sources/sources-worker.ts'), formats: ['es'] }
    }
  })
  const outputs = Array.isArray(built) ? built : 'output' in built ? [built] : []
  const script = outputs[0]?.output.find((part) => part.type === 'chunk')?.code ?? ''
  const refuse = `StorageManager.prototype.getDirectory = () => Promise.reject(new DOMException('no', 'SecurityError'));`
  const scripts: Readonly<Record<string, string>> = {
    '/assets/worker.js': script,
    // As in a private window that has no file system.
    '/assets/refused.js': refuse + script
  }
  const server = createServer((request, response) => {
    const body = scripts[request.url ?? '']
    response.setHeader('Content-Type', body === undefined ? 'text/html' : 'text/javascript')
    response.end(body ?? '<!doctype html><title>Sources</title>')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  return { url: `http://127.0.0.1:${port}/`, close: () => server.close() }
}

/** `site`: that page. */
export const test = base.extend<object, { site: Site }>({
  site: [
    async ({}, use) => {
      const site = await startSite()
      await use(site)
      site.close()
    },
    { scope: 'worker' }
  ]
})

/** Asks a fresh worker; ends it afterwards, so that nothing survives but the disk. */
export function ask(page: Page, call: Call, script = 'worker.js'): Promise<unknown> {
  const begin = async ({ message, url }: { message: Call; url: string }): Promise<unknown> => {
    const worker = new Worker(url, { type: 'module' })
    const channel = new MessageChannel()
    const answer = new Promise<{ value?: unknown; error?: string }>((done) => {
      channel.port1.onmessage = ({ data: got }: MessageEvent<{ value?: unknown; error?: string }>) => done(got)
    })
    worker.postMessage(message, [channel.port2])
    const { value, error } = await answer
    worker.terminate()
    return error ?? value
  }
  return page.evaluate(begin, { message: call, url: `/assets/${script}` })
}
