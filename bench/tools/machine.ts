/** What the numbers were measured on. No paths and no host name: results may be published. */
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, totalmem } from 'node:os'
import { fieldsOf } from '../../src/formats/fields'

const packages = ['onnxruntime-node', 'onnxruntime-web', '@huggingface/transformers']

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
  readonly node: string
  readonly packages: Readonly<Record<string, string>>
}

export async function describeMachine(): Promise<Machine> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    packages: Object.fromEntries(await Promise.all(packages.map(async (name) => [name, await version(name)] as const)))
  }
}

async function version(name: string): Promise<string> {
  const text = await readFile(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')
  return String(fieldsOf(JSON.parse(text)).get('version'))
}
