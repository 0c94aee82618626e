/** `npm run -s chat -- MODEL "prompt"`: one streamed answer in the terminal, by the same engine as in the page. */
import { existsSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { NamedFile } from '../src/direction/files/files'
import { fitted } from '../src/direction/files/fitted'
import { readAnyDirections } from '../src/direction/files/import'
import { LabError } from '../src/errors'
import type { Device, ModelInfo, Steering } from '../src/lab/api'
import { dtypes } from '../src/lab/dtype'
import { steeringBy } from '../src/lab/steering'
import { Engine } from '../workers/engine'
import { mostGiven, readGiven } from '../workers/host/given-file'
import { nodeHost } from '../workers/host/host-node'

const usage = `npm run -s chat -- MODEL "prompt" [options]
  MODEL            a model folder in the hub's layout
  --text           continue the prompt as plain text, without a chat template
  --steer FILE     directions of this model: safetensors, npy, npz, JSON, .pt or a GGUF control vector (docs/formats.md)
  --layer L        one of the file's layers; or where to steer with its only direction
  --alpha A        strength in gaps: 1 adds the whole mean difference (default 1)
  --adapter PATH   a LoRA adapter in PEFT's format: its folder, or a zip of it
  --adapter-scale S  0 is the base, 1 the adapter as trained (default 1)
  --device D       cpu or webgpu
  --dtype T        q4, q4f16, q8, fp16 or fp32
  --max-tokens N   default 256
  --temperature T  default 0, greedy
  --seed S         default 0`

const devices = ['cpu', 'webgpu'] as const satisfies readonly Device[]

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      text: { type: 'boolean', default: false },
      steer: { type: 'string' },
      layer: { type: 'string' },
      alpha: { type: 'string', default: '1' },
      adapter: { type: 'string' },
      'adapter-scale': { type: 'string', default: '1' },
      device: { type: 'string' },
      dtype: { type: 'string' },
      'max-tokens': { type: 'string', default: '256' },
      temperature: { type: 'string', default: '0' },
      seed: { type: 'string', default: '0' },
      help: { type: 'boolean', default: false }
    }
  })
  const [path, prompt] = positionals
  if (values.help || path === undefined || prompt === undefined) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const engine = new Engine(nodeHost)
  const device = pick(devices, 'device', values.device)
  const dtype = pick(dtypes, 'dtype', values.dtype)
  const info = await engine.open(
    { kind: 'folder', path },
    {
      adapt: values.adapter !== undefined,
      ...(device && { device }),
      ...(dtype && { dtype })
    }
  )
  if (values.adapter !== undefined) {
    const { sha256, name, notes } = await engine.loadAdapter({ kind: 'folder', path: values.adapter })
    const scale = number('adapter-scale', values['adapter-scale'])
    await engine.useAdapter({ sha256, scale })
    console.error([`adapter ${name} at scale ${scale}`, ...notes].join('\n'))
  }
  const steering =
    values.steer === undefined
      ? undefined
      : await readSteering(values.steer, number('alpha', values.alpha), info, values.layer)
  const result = await engine.generate(
    [
      {
        prompt: values.text ? { text: prompt } : { messages: [{ role: 'user', content: prompt }] },
        seed: number('seed', values.seed),
        ...(steering && { steering })
      }
    ],
    {
      maxTokens: number('max-tokens', values['max-tokens']),
      sampling: { temperature: number('temperature', values.temperature) }
    },
    (events) => events.forEach(({ text }) => process.stdout.write(text))
  )
  const { timing } = result
  const perToken = timing.decodeMs.toSorted((a, b) => a - b)[timing.decodeMs.length >> 1]
  process.stdout.write('\n')
  console.error(
    `${info.name} ${info.dtype} on ${info.device}: first token ${timing.prefillMs.toFixed(0)} ms` +
      (perToken === undefined ? '' : `, then ${(1000 / perToken).toFixed(0)} tokens a second`)
  )
  await engine.close()
}

function pick<T extends string>(choices: readonly T[], name: string, value: string | undefined): T | undefined {
  if (value === undefined) return undefined
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new LabError('format', `--${name} takes ${choices.join(', ')}, got ${value}`)
  return found
}

function number(name: string, value: string): number {
  const parsed = Number(value)
  if (value.trim() === '' || !Number.isFinite(parsed))
    throw new LabError('format', `--${name} takes a number, got ${value}`)
  return parsed
}

/** Directions of any format, for this model alone; with several, alpha is shared out. `layer` picks one, or moves the only one. */
async function readSteering(
  path: string,
  alpha: number,
  info: ModelInfo,
  layer: string | undefined
): Promise<Steering> {
  const read = async (name: string): Promise<NamedFile> => ({
    name,
    bytes: await readGiven(name, mostGiven.vectors, 'a file of directions')
  })
  const beside = path.replace(/\.npy$/, '.json')
  const files = [await read(path), ...(beside !== path && existsSync(beside) ? [await read(beside)] : [])]
  const asked = layer === undefined ? null : layerOf(layer, info)
  const { directions, notes } = await fitted(await readAnyDirections(files), info, asked)
  if (notes.length > 0) console.error(notes.join('\n'))
  const [only, ...others] = directions
  const at = directions.filter((direction) => direction.layer === asked)
  const moved = only && others.length === 0 && asked !== null ? [{ ...only, layer: asked }] : at
  if (asked !== null && moved.length === 0) {
    throw new LabError('format', `${path} has layers ${directions.map((one) => one.layer).join(', ')}, not ${asked}`)
  }
  return steeringBy(asked === null ? directions : moved, { mode: 'add', alpha, positions: 'all' })
}

function layerOf(value: string, { layers }: ModelInfo): number {
  const layer = number('layer', value)
  if (Number.isInteger(layer) && layer >= 0 && layer < layers) return layer
  throw new LabError('format', `--layer takes 0 to ${layers - 1} for this model, got ${value}`)
}

main().catch((error: unknown) => {
  console.error(error instanceof LabError ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})
