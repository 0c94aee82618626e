/** `npm run -s instrument -- IN.onnx OUT.onnx`: writes an instrumented graph for use in any ONNX Runtime. */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LabError } from '../src/errors'
import { instrument } from '../src/onnx/instrument'
import type { Plan, WriteLevel } from '../src/onnx/plan'

const usage = `npm run -s instrument -- IN.onnx OUT.onnx [--read] [--write add|affine] [--keep] [--adapt] [--select] [--probabilities] [--independent]
Adds inputs and outputs to a decoder graph; docs/instrumented-graph.md has their names and shapes.
Weights are not copied: OUT.onnx refers to the files beside IN.onnx, so it has to lie in the same folder.`

const levels = new Map<string, WriteLevel>((['none', 'add', 'affine'] as const).map((level) => [level, level]))

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      read: { type: 'boolean', default: false },
      write: { type: 'string', default: 'none' },
      keep: { type: 'boolean', default: false },
      adapt: { type: 'boolean', default: false },
      select: { type: 'boolean', default: false },
      probabilities: { type: 'boolean', default: false },
      independent: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  const [input, output] = positionals
  if (values.help || input === undefined || output === undefined) {
    console.log(usage)
    process.exitCode = values.help ? 0 : 2
    return
  }
  const write = levels.get(values.write)
  if (!write) throw new LabError('format', `--write takes add or affine, got ${values.write}`)
  const file = await readFile(input).catch((cause: unknown) => {
    throw new LabError('format', `${input} could not be read: ${String(cause)}`, { cause })
  })
  const { read, keep, adapt, select, probabilities, independent } = values
  const plan: Plan = { read, write, keep, adapt, select, probabilities, independent }
  const began = performance.now()
  const { bytes, info, externalFiles } = instrument(file, plan, basename(input))
  const ms = performance.now() - began
  if (externalFiles.length > 0 && dirname(resolve(input)) !== dirname(resolve(output))) {
    throw new LabError(
      'format',
      `the weights stay in ${externalFiles.join(', ')}, which ONNX Runtime looks for beside the graph: ` +
        `write ${basename(output)} into the folder of ${input}`
    )
  }
  if (resolve(input) === resolve(output)) {
    throw new LabError(
      'format',
      `${output} is the graph itself, whose weights the new one would refer to: choose another name`
    )
  }
  await writeFile(`${output}.part`, bytes)
  await rename(`${output}.part`, output)
  console.log(
    `${output}: ${info.layers} layers of width ${info.width}, ${bytes.length} bytes, edited in ${ms.toFixed(0)} ms`
  )
}

main().catch((error: unknown) => {
  console.error(error instanceof LabError ? `${error.code}: ${error.message}` : error)
  process.exitCode = 1
})
