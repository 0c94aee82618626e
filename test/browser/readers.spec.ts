/** Files of strangers are read beside the page: none of their bytes are decoded or parsed in its thread, which answers all the while. */
import { expect, test, type Page } from '@playwright/test'

const mega = 2 ** 20
const many = (text: string): string => text.repeat(Math.ceil(mega / text.length))
const csv = `prompt,note\n${Array.from({ length: 20_000 }, (_, i) => `What is ${i}?,${'long '.repeat(20)}`).join('\n')}\n`

const files: readonly (readonly [what: string, name: string, text: string, said: RegExp])[] = [
  ['marks of YAML', 'marks.yaml', many('- [a]\n'), /more than \d+ marks and words of YAML/],
  ['brackets of YAML', 'brackets.yaml', many('['), /nests more than \d+ deep/],
  ['JSON that nests deep', 'deep.json', `{"prompt":${'['.repeat(mega)}${']'.repeat(mega)}}`, /Nothing was opened/],
  ['a CSV of 2 MB', 'large.csv', csv, /Added 20000 prompts as a set/]
]

/** Drops a file on the page. */
async function drop(page: Page, name: string, text: string): Promise<void> {
  const data = await page.evaluateHandle(
    ([file, content]) => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([content], file))
      return transfer
    },
    [name, text] as const
  )
  await page.dispatchEvent('body', 'drop', { dataTransfer: data })
}

/** Lengths of what this thread decodes and parses, from its start on. A worker has its own globals, which stay as they are. */
async function watchReading(page: Page): Promise<() => Promise<number>> {
  await page.addInitScript(() => {
    const read: number[] = []
    globalThis.TextDecoder = class extends TextDecoder {
      override decode(bytes?: AllowSharedBufferSource, options?: TextDecodeOptions): string {
        read.push(bytes?.byteLength ?? 0)
        return super.decode(bytes, options)
      }
    }
    const { parse } = JSON
    JSON.parse = (text: string, ...rest: []) => {
      read.push(text.length)
      return parse(text, ...rest) as unknown
    }
    Object.assign(window, { longestRead: () => Math.max(0, ...read.splice(0)) })
  })
  return () => page.evaluate('longestRead()')
}

for (const [what, name, text, said] of files) {
  test(`${what}: read beside the page`, async ({ page }) => {
    const longest = await watchReading(page)
    await page.goto('./#/prompts')
    await expect(page.getByRole('button', { name: 'Choose files' })).toBeVisible()
    const workers: string[] = []
    page.on('worker', (worker) => workers.push(worker.url()))
    await longest()
    await drop(page, name, text)
    await expect(page.getByText(said).first()).toBeVisible({ timeout: 200_000 })
    expect(await longest()).toBeLessThan(text.length / 10)
    expect(workers.filter((url) => /\/files-/.test(url)).length).toBeGreaterThan(0)
  })
}
