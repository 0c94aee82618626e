/** `npm run -s chat -- MODEL "prompt"`: one streamed answer in the terminal, by the same engine as in the page. */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { LabError } from '../src/errors'
import { fieldsOf } from '../src/formats/fields'
import type { Device, Dtype, Steering } from '../src/lab/api'
import { Engine } from '../workers/engine'
import { nodeHost } from '../workers/host-node'

const usage = `npm run -s chat -- MODEL "prompt" [options]
  MODEL            a model folder in the hub's layout
  --steer FILE     a direction as JSON: {"layer": 12, "vector": [...], "norm": 3.4}
  --layer L        steer this layer instead of the direction's own
  --alpha A        strength in gaps: 1 adds the whole mean difference (default 1)
  --adapter PATH   a LoRA adapter in PEFT's format: its folder, or a zip of it
  --adapter-scale S  0 is the base, 1 the adapter as trained (default 1)
  --device D       cpu or webgpu
  --dtype T        q4, q4f16, q8, fp16 or fp32
  --max-tokens N   default 256
  --temperature T  default 0, greedy
  --seed S         default 0`

const devices = new Map<string, Device>([
  ['cpu', 'cpu'],
  ['webgpu', 'webgpu']
])
const dtypes = new Map<string, Dtype>((['q4', 'q4f16', 'q8', 'fp16', 'fp32'] as const).map((dtype) => [dtype, dtype]))

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
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
      : await readSteering(values.steer, number('alpha', values.alpha), values.layer)
  const result = await engine.generate(
    [
      {
        prompt: { messages: [{ role: 'user', content: prompt }] },
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

function pick<T>(choices: ReadonlyMap<string, T>, name: string, value: string | undefined): T | undefined {
  if (value === undefined) return undefined
  const found = choices.get(value)
  if (found === undefined)
    throw new LabError('format', `--${name} takes ${[...choices.keys()].join(', ')}, got ${value}`)
  return found
}

function number(name: string, value: string): number {
  const parsed = Number(value)
  if (value.trim() === '' || !Number.isFinite(parsed))
    throw new LabError('format', `--${name} takes a number, got ${value}`)
  return parsed
}

/** A direction's JSON: unit `vector`, `layer`, and `norm`, the gap that alpha is counted in. */
async function readSteering(path: string, alpha: number, layer: string | undefined): Promise<Steering> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new LabError('format', `the direction ${path} could not be read: ${String(cause)}`, { cause })
  })
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new LabError('format', `${path} is not JSON: export a direction from the lab and give its file`, { cause })
  }
  const fields = fieldsOf(value)
  const vector = fields.get('vector')
  const own = fields.get('layer')
  const norm = fields.get('norm')
  if (!Array.isArray(vector) || typeof own !== 'number') {
    throw new LabError(
      'format',
      `${path} should hold "layer" and "vector": export a direction from the lab and give its file`
    )
  }
  return {
    interventions: [
      {
        mode: 'add',
        layer: layer === undefined ? own : number('layer', layer),
        vector: Float32Array.from(vector, Number),
        coefficient: alpha * (typeof norm === 'number' ? norm : 1)
      }
    ]
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof LabError ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})
