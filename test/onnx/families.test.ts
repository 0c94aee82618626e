/** What graphs of any family may look like, and why some are refused. */
import { readFileSync } from 'node:fs'
import * as ort from 'onnxruntime-node'
import { describe, expect, it } from 'vitest'
import { describe as describeGraph } from '../../src/onnx/describe'
import { Graph } from '../../src/onnx/graph'
import { instrument } from '../../src/onnx/instrument'
import { DataType, encodeModel, int64Tensor, makeNode, makeValueInfo } from '../../src/onnx/proto'
import { renameInput } from '../../src/onnx/subgraph'
import { graphPath, loadFixture } from '../fixtures'
import { largestDifference } from './compare'
import { TestGraph } from './run-graph'

const whole = { read: true, write: 'affine', adapt: true, select: true } as const
const fileOf = (name: string): Uint8Array => readFileSync(graphPath(loadFixture(name), 'fp32'))

/** A fixture's graph, changed. */
function changed(name: string, change: (graph: Graph) => void): Uint8Array {
  const graph = new Graph(fileOf(name))
  change(graph)
  graph.commit()
  return encodeModel(graph.model)
}

const refusal =
  (bytes: Uint8Array): (() => unknown) =>
  () =>
    describeGraph(new Graph(bytes))

async function logitsOf(name: string, bytes: Uint8Array): Promise<{ logits: Float32Array; hidden: Float32Array }> {
  const { reference } = loadFixture(name)
  const edited = instrument(bytes, whole, 'model.onnx')
  const session = await ort.InferenceSession.create(edited.bytes, {
    externalData: edited.externalFiles.map((path) => ({ path, data: bytes }))
  })
  const graph = TestGraph.around(session, edited.info)
  const feeds = await graph.feeds(reference.prompts)
  const [B, S] = [reference.prompts.length, Math.max(...reference.prompts.map(({ length }) => length))]
  const every = new Float32Array(B * S * S)
  for (let row = 0; row < B * S; row++) every[row * S + (row % S)] = 1
  return graph.run({ ...feeds, select: graph.float(every, [B, S, S]) })
}

describe('names', () => {
  it('lets a model have inner tensors that are called as ours are', async () => {
    const name = 'gpt_neox-optimum'
    const before = await logitsOf(name, fileOf(name))
    const bytes = changed(name, (graph) => {
      const outputs = graph.proto.node.flatMap(({ output }) => output).filter((output) => !graph.output.has(output))
      const wanted = ['select', 'steer.0.b', 'azimuth/residual.0', 'lora.scale', 'capture.pool']
      wanted.forEach((to, i) => {
        const from = outputs[40 + 30 * i] ?? ''
        for (const node of graph.proto.node) {
          renameInput(node, from, to)
          node.output = node.output.map((output) => (output === from ? to : output))
        }
      })
      const [weight] = graph.proto.initializer
      if (!weight) throw new Error('the graph has no weights')
      for (const node of graph.proto.node) renameInput(node, weight.name, 'azimuth/one')
      weight.name = 'azimuth/one'
    })
    const after = await logitsOf(name, bytes)
    expect(after.logits).toEqual(before.logits)
    expect(after.hidden).toEqual(before.hidden)
  })

  it('refuses a graph that was edited before, by the name of what it has', () => {
    const { bytes } = instrument(fileOf('gpt_neox-optimum'), whole, 'model.onnx')
    expect(refusal(bytes)).toThrow(
      /input (steer|lora|capture)\S+, which the lab adds: open the graph that it was made from/
    )
  })
})

describe('the unembedding', () => {
  it.each(['llama-small-dynamo', 'gpt2-optimum', 'smollm-genai'])(
    '%s: sees the tokens that are asked for, also where the graph picks the last one itself',
    async (name) => {
      const bytes = changed(name, (graph) => {
        const head = graph.proto.node.find(({ output }) => output.includes('logits'))
        const states = head?.input[0] ?? ''
        const last = graph.addInitializer(int64Tensor('last', [-1]))
        const axis = graph.addInitializer(int64Tensor('one', [1]))
        graph.constantTensor('last')?.dims.splice(0)
        if (!head) throw new Error('the graph has no head')
        head.input[0] = 'pruned'
        graph.insertBefore(
          head,
          makeNode('Gather', [states, last], ['picked'], { axis: { int: 1 } }),
          makeNode('Unsqueeze', ['picked', axis], ['pruned'])
        )
      })
      const { logits } = await logitsOf(name, bytes)
      expect(largestDifference(logits, (await logitsOf(name, fileOf(name))).logits)).toBeLessThan(1e-6)
    }
  )
})

describe('true reasons', () => {
  it('names the sum of a post-norm model, plain and fused', () => {
    for (const fused of [false, true])
      expect(refusal(postNorm(fused))).toThrow(/post-norm.*no residual stream.*pre-norm model/)
  })

  it('knows the decoder of an encoder-decoder by its inputs and by its cache', () => {
    const encoder = changed('gpt_neox-optimum', (graph) => {
      graph.addInput(makeValueInfo('encoder_hidden_states', DataType.FLOAT, ['b', 's', 24]))
    })
    const cache = changed('gpt_neox-optimum', (graph) => {
      for (const value of [...graph.proto.input, ...graph.proto.output]) {
        const name = value.name.replace(/\.(key|value)$/, '.decoder.$1')
        for (const node of graph.proto.node) {
          renameInput(node, value.name, name)
          node.output = node.output.map((output) => (output === value.name ? name : output))
        }
        value.name = name
      }
    })
    for (const bytes of [encoder, cache]) expect(refusal(bytes)).toThrow(/encoder-decoder model.*decoder-only/)
  })

  it('knows a cache that keeps its window only', () => {
    const bytes = changed('smollm-genai', (graph) => {
      const attention = graph.proto.node.find(({ opType }) => opType === 'GroupQueryAttention')
      const like = makeNode('X', [], [], { sliding_window_cache: { int: 1 } })
      attention?.attribute.push(...like.attribute)
    })
    expect(refusal(bytes)).toThrow(/window only \(sliding_window_cache\).*without that option/)
  })

  it('names an input that no session has', () => {
    const bytes = changed('smollm-genai', (graph) => {
      graph.addInput(makeValueInfo('block_table', DataType.INT32, ['b', 'n']))
    })
    expect(refusal(bytes)).toThrow(/also asks for block_table/)
  })
})

/** A block of a decoder that norms its sums: attention and MLP add to the norm of what was before. */
function postNorm(fused: boolean): Uint8Array {
  return changed('gpt_neox-sequential-optimum', (graph) => {
    const sums = graph.proto.node.filter(({ name }) => /layers\.\d\/Add(_1)?$/.test(name))
    const weight = graph.proto.initializer.find(({ dims }) => dims.length === 1 && dims[0] === 24n)?.name ?? ''
    sums.forEach((sum, i) => {
      const [old = ''] = sum.output
      if (fused) {
        sum.opType = 'SkipLayerNormalization'
        sum.domain = 'com.microsoft'
        sum.input.push(weight, weight)
        return
      }
      graph.redirect(old, `normed.${i}`)
      graph.insertAfter(sum, makeNode('LayerNormalization', [old, weight, weight], [`normed.${i}`]))
    })
  })
}
