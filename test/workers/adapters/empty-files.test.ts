/** Adapters and models with empty files, from a zip, a folder, a hub and a web folder: told as what they are. */
import { describe, expect, it } from 'vitest'
import { writeZip } from '../../../src/formats/zip-write'
import { readPeft } from '../../../src/formats/peft'
import { readAdapterFiles } from '../../../workers/adapters/adapter-files'
import { filesAsGiven } from '../../../workers/sources/local-files'
import { hubFiles } from '../../../workers/sources/hub'
import { adapterFiles } from '../../../workers/sources/sources'
import { zipFiles } from '../../../workers/sources/zip-files'
import { repoOf } from '../../hub-repos'
import { failure, ignore, patience, setUp } from '../sources/sources-setup'
import type { ModelFiles } from '../../../workers/host/host'

const config = '{"peft_type":"LORA","r":2,"lora_alpha":4,"target_modules":["q_proj"]}'
const encoded = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text)
const cases = [
  ['adapter_config.json', '', 'weights'],
  ['adapter_model.safetensors', config, '']
] as const

async function load(files: ModelFiles): Promise<unknown> {
  const { config, weights } = await readAdapterFiles(files, ignore)
  return readPeft(new TextDecoder().decode(config), weights)
}

describe.each(cases)('an adapter whose %s is empty', (name, config, weights) => {
  const contents = { 'adapter_config.json': config, 'adapter_model.safetensors': weights }
  const told = new RegExp(`^format: ${name.replace('.', '\\.')} is empty`)

  it.each([true, false])('in a zip (stored: %s)', async (stored) => {
    const entries = Object.entries(contents).map(([path, text]) => ({ path, bytes: encoded(text), stored }))
    expect(await failure(zipFiles('a.zip', new Blob([await writeZip(entries)])).then(load))).toMatch(told)
  })

  it('in a folder', async () => {
    const files = Object.entries(contents).map(([path, text]) => ({ path, blob: new Blob([text]) }))
    expect(await failure(load(filesAsGiven('mine', files)))).toMatch(told)
  })

  it('in a repository and in a web folder, stored or not', async () => {
    const { hub, disk } = await setUp({ repos: { 'owner/name': repoOf(contents) } })
    for (const place of [disk, undefined, disk]) {
      const visit = { disk: place, patience }
      const files = await hubFiles({ kind: 'hub', repo: 'owner/name', endpoint: hub.url }, visit)
      expect(await failure(load(files))).toMatch(told)
      const web = { kind: 'url', url: `${hub.url}/plain/owner/name` } as const
      const options = { disk: place ?? null, patience }
      expect(await failure(adapterFiles(web, ignore, options).then(load))).toMatch(told)
    }
  })
})
