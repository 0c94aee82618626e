/** The commands as a user runs them. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { zipSync } from 'fflate'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDirections } from '../src/direction/files/files'
import { loadFixture } from './fixtures'
import { directions } from './formats/samples'
import { wordTokenizer } from './word-tokenizer'

const run = promisify(execFile)
const { folder, reference } = loadFixture('llama-genai')
let path = ''

/** What a command printed, and how it ended. */
async function command(script: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  try {
    return { code: 0, ...(await run('node', ['--import', 'tsx', `scripts/${script}.ts`, ...args])) }
  } catch (error) {
    const { code, stdout, stderr } = { code: -1, stdout: '', stderr: '', ...Object(error) } as Awaited<
      ReturnType<typeof command>
    >
    return { code, stdout, stderr }
  }
}

beforeAll(async () => {
  path = await mkdtemp(join(tmpdir(), 'azimuth-'))
  await cp(folder, path, { recursive: true })
  for (const [file, text] of Object.entries(wordTokenizer(reference.vocab))) await writeFile(join(path, file), text)
  await writeFile(
    join(path, 'direction.json'),
    JSON.stringify({ layer: 1, norm: 40, vector: Array.from({ length: 64 }, (_, i) => Math.sin(i)) })
  )
  const vector = Float32Array.from({ length: 64 }, () => 1 / 8)
  const other = directions.slice(0, 1).map((direction) => ({ ...direction, vector }))
  for (const { name, bytes } of writeDirections(other, { format: 'safetensors', name: 'other' })) {
    await writeFile(join(path, name), bytes)
  }
})

afterAll(() => rm(path, { recursive: true }))

describe('instrument', () => {
  it('writes a graph that any ONNX Runtime opens', async () => {
    const out = join(path, 'onnx/out.onnx')
    const { code, stdout } = await command(
      'instrument',
      join(path, 'onnx/model.onnx'),
      out,
      '--read',
      '--write',
      'affine',
      '--adapt',
      '--select'
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/3 layers of width 64, \d+ bytes, edited in \d+ ms/)
    const session = await ort.InferenceSession.create(out)
    expect(session.outputNames).toContain('capture.hidden')
    expect(session.inputNames).toEqual(
      expect.arrayContaining(['capture.pool', 'select', 'steer.mask', 'steer.2.W', 'lora.scale', 'lora.0.v_proj.A'])
    )
  })

  it('gives back the same bytes when nothing is asked for', async () => {
    const input = join(path, 'onnx/model.onnx')
    await command('instrument', input, join(path, 'onnx/same.onnx'))
    expect(await readFile(join(path, 'onnx/same.onnx'))).toEqual(await readFile(input))
  })

  it.each([
    ['no arguments', [], 2, /IN\.onnx OUT\.onnx/],
    ['another folder', ['MODEL', 'elsewhere.onnx', '--read'], 1, /format: the weights stay in model\.onnx_data/],
    ['a wrong level', ['MODEL', 'OUT', '--write', 'much'], 1, /--write takes add or affine, got much/],
    ['a file that is not there', ['nowhere.onnx', 'OUT'], 1, /nowhere\.onnx could not be read/],
    ['a file that is not a graph', ['README.md', 'OUT', '--read'], 1, /checksum: README\.md is not a whole ONNX file/]
  ])('says what is wrong: %s', async (_, args, expected, message) => {
    const paths = new Map([
      ['MODEL', join(path, 'onnx/model.onnx')],
      ['OUT', join(path, 'onnx/out2.onnx')]
    ])
    const { code, stdout, stderr } = await command('instrument', ...args.map((arg) => paths.get(arg) ?? arg))
    expect(code).toBe(expected)
    expect(stdout + stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})

describe('chat', () => {
  it('answers in the terminal, steered otherwise than not, and with an adapter otherwise again', async () => {
    const ask = (...args: string[]): ReturnType<typeof command> =>
      command('chat', path, 't5 t61 t17', '--dtype', 'fp32', '--max-tokens', '12', ...args)
    const [plain, steered, adapted] = await Promise.all([
      ask(),
      ask('--steer', join(path, 'direction.json'), '--alpha', '1.5'),
      ask('--adapter', join(path, 'adapter'))
    ])
    for (const { code, stdout } of [plain, steered, adapted]) {
      expect(code).toBe(0)
      expect(stdout).toMatch(/t\d+ t\d+/)
    }
    expect(new Set([plain.stdout, steered.stdout, adapted.stdout]).size).toBe(3)
    expect(plain.stderr).toMatch(/fp32 on cpu: first token \d+ ms/)
  })

  it("takes an adapter as a zip, and its scale: at 0 the answer is the base's", async () => {
    const zip = join(path, 'adapter.zip')
    const files = await Promise.all(
      ['adapter_config.json', 'adapter_model.safetensors'].map(
        async (file) => [file, new Uint8Array(await readFile(join(path, 'adapter', file)))] as const
      )
    )
    await writeFile(zip, zipSync(Object.fromEntries(files)))
    const ask = (...args: string[]): ReturnType<typeof command> =>
      command('chat', path, 't5 t61 t17', '--dtype', 'fp32', '--max-tokens', '12', ...args)
    const [plain, folder, zipped, off] = await Promise.all([
      ask(),
      ask('--adapter', join(path, 'adapter')),
      ask('--adapter', zip),
      ask('--adapter', zip, '--adapter-scale', '0')
    ])
    expect(zipped.stdout).toBe(folder.stdout)
    expect(off.stdout).toBe(plain.stdout)
    expect(zipped.stderr).toMatch(/^adapter adapter at scale 1\n/)
  })

  it.each([
    ['no prompt', [], 2, /MODEL "prompt"/],
    ['a folder that is not there', ['nowhere', 'Hi'], 1, /nowhere is not a folder/],
    [
      'a direction that is not one',
      ['MODEL', 'Hi', '--steer', 'README.md'],
      1,
      /README\.md is none of safetensors, npy/
    ],
    [
      'a layer that is none',
      ['MODEL', 'Hi', '--steer', 'DIRECTION', '--layer=-1'],
      1,
      /format: --layer takes 0 to 2 for this model, got -1/
    ],
    [
      "another model's direction",
      ['MODEL', 'Hi', '--steer', 'OTHER'],
      1,
      /shape: direction is for hub:example\/tiny@main.*open model is folder:/
    ],
    [
      'a strength that is no number',
      ['MODEL', 'Hi', '--alpha', 'much', '--steer', 'x'],
      1,
      /--alpha takes a number, got much/
    ],
    ['a device that does not exist', ['MODEL', 'Hi', '--device', 'tpu'], 1, /--device takes cpu, webgpu, got tpu/],
    [
      'an adapter that is not there',
      ['MODEL', 'Hi', '--adapter', 'nowhere'],
      1,
      /adapter_config\.json was expected in nowhere/
    ],
    ['a zip that is none', ['MODEL', 'Hi', '--adapter', 'README.md'], 1, /a zip file was expected/]
  ])('says what is wrong: %s', async (_, args, expected, message) => {
    const paths = new Map([
      ['MODEL', path],
      ['DIRECTION', join(path, 'direction.json')],
      ['OTHER', join(path, 'other.safetensors')]
    ])
    const { code, stdout, stderr } = await command('chat', ...args.map((arg) => paths.get(arg) ?? arg))
    expect(code).toBe(expected)
    expect(stdout + stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })
})
