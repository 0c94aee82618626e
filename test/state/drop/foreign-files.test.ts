/** What other programs write, dropped anywhere on the page, goes where it belongs. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { floatTensor, writeSafetensors } from '../../../src/formats/safetensors'
import { kindOf } from '../../../src/state/drop/file-kind'
import { eighths } from '../../formats/samples'

const fixtures = resolve(import.meta.dirname, '../../fixtures')
const fixture = (path: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(resolve(fixtures, path)))
const stacked = writeSafetensors(new Map([['vectors', floatTensor([4, 6], eighths(24))]]))

it.each([
  ['a .pt file', 'vector.pt', fixture('formats/python/torch-vector.pt'), 'directions'],
  ['a .pt file of before 1.6', 'vector.pt', fixture('formats/python/torch-legacy.pt'), 'directions'],
  ['a pickle of arrays', 'vector.pkl', fixture('formats/python/numpy-5.pkl'), 'directions'],
  ['an npz file', 'vectors.npz', fixture('formats/python/plain.npz'), 'directions'],
  ['stacked vectors', 'vectors.safetensors', stacked, 'directions'],
  ['a bare list of numbers', 'vector.json', new TextEncoder().encode('[1, 2, 3]'), 'directions'],
  ['a list of texts', 'prompts.json', new TextEncoder().encode('["Why?"]'), 'prompts'],
  ['Parquet', 'train.parquet', fixture('prompts/alpaca.parquet'), 'prompts']
])('%s', async (_, path, bytes, kind) => {
  const found = await kindOf({ name: path, files: [{ path, blob: new Blob([bytes]) }] })
  expect(found.kind).toBe(kind)
})
