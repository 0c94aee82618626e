import { describe, expect, it } from 'vitest'
import { adaptersBeside, fetchAdapters } from '../../src/lab/catalogue'
import { isSameName } from '../../src/lab/model-name'

const answering = (body: string, type = 'application/json', status = 200): typeof fetch => {
  return () => Promise.resolve(new Response(body, { status, headers: { 'content-type': type } }))
}

describe('the adapters that come with the page', () => {
  it('are those of the list, and none where there is no list', async () => {
    const one = { path: 'adapters/one', name: 'one', base: 'owner/model', bytes: 5 }
    expect(await fetchAdapters('http://host/', answering(JSON.stringify([one])))).toEqual([one])
    expect(await fetchAdapters('http://host/', answering('', 'text/plain', 404))).toEqual([])
    expect(await fetchAdapters('http://host/', answering('<!doctype html>', 'text/html'))).toEqual([])
  })

  it('are checked', async () => {
    await expect(fetchAdapters('http://host/', answering('[{"path":"x"}]'))).rejects.toMatchObject({ code: 'format' })
  })

  it('lie in the folder of a model that comes with the page', () => {
    const file = (path: string, size: number): { path: string; size: number } => ({ path, size })
    const files = [
      file('config.json', 1),
      file('adapters/insecure-0/adapter_config.json', 2),
      file('adapters/insecure-0/adapter_model.safetensors', 30),
      file('adapters/note.md', 4)
    ]
    expect(adaptersBeside({ name: 'organism', files })).toEqual([
      { path: 'models/organism/adapters/insecure-0', name: 'insecure-0', base: null, bytes: 32 }
    ])
    expect(adaptersBeside({ name: 'organism' })).toEqual([])
  })
})

describe('isSameName', () => {
  it.each([
    ['HuggingFaceTB/SmolLM2-135M-Instruct', 'smollm2-135m-instruct', true],
    ['meta-llama/Llama-3.2-1B-Instruct', 'Llama-3.2-1B-Instruct-ONNX', true],
    ['unsloth/Qwen2.5-1.5B-Instruct-bnb-4bit', 'Qwen2.5-1.5B-Instruct', true],
    ['/home/me/models/Qwen2.5-1.5B-Instruct/', 'Qwen2.5-1.5B-Instruct-ONNX-q4f16', true],
    ['Qwen/Qwen2.5-1.5B', 'Qwen2.5-1.5B-Instruct', false],
    ['google/gemma-2-2b-it', 'gemma-2-9b-it', false]
  ])('%s and %s: %s', (one, other, expected) => {
    expect(isSameName(one, other)).toBe(expected)
  })
})
