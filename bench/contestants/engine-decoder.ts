/** Our engine as a contestant: everything that the page gets, token by token. */
import type { GenerateRow, OpenOptions, Steering } from '../../src/lab/api'
import { Engine } from '../../workers/engine'
import { nodeHost } from '../../workers/host/host-node'
import { timing, type Decoder } from './decoder'

export class EngineDecoder implements Decoder {
  readonly engine: Engine
  readonly #steering: Steering | null

  constructor(engine: Engine, steering: Steering | null = null) {
    this.engine = engine
    this.#steering = steering
  }

  static async open(model: string, options: OpenOptions, steering: Steering | null = null): Promise<EngineDecoder> {
    const engine = new Engine(nodeHost)
    await engine.open({ kind: 'folder', path: model }, { device: 'cpu', ...options })
    return new EngineDecoder(engine, steering)
  }

  decode(prompt: readonly number[], tokens: number): ReturnType<Decoder['decode']> {
    return this.decodeRows([prompt], tokens)
  }

  async decodeRows(prompts: readonly (readonly number[])[], tokens: number): ReturnType<Decoder['decode']> {
    const steering = this.#steering
    const rows = prompts.map((ids): GenerateRow => ({ prompt: { ids }, ...(steering && { steering }) }))
    const arrivals: number[] = []
    const began = performance.now()
    await this.engine.generate(rows, { maxTokens: tokens, sampling: { temperature: 0 } }, () => {
      arrivals.push(performance.now())
    })
    return timing(began, arrivals)
  }

  close(): Promise<void> {
    return this.engine.close()
  }
}
