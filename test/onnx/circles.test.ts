/** Graphs whose edges lead nowhere or for ever: refused as a graph, soon, whatever walk meets them. */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe as suite, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { describe } from '../../src/onnx/describe'
import { Graph } from '../../src/onnx/graph'
import { instrument } from '../../src/onnx/instrument'
import { decodeModel, encodeModel, makeNode, type GraphProto, type NodeProto } from '../../src/onnx/proto'
import { graphPath, loadFixture } from '../fixtures'

const files = ['llama-genai', 'llama-optimum', 'gemma2-genai'].map((name) => {
  const fixture = loadFixture(name)
  return new Uint8Array(readFileSync(graphPath(fixture, 'fp32')))
})
const [genai = new Uint8Array(), optimum = new Uint8Array()] = files

/** The file after a change to its graph. */
function changed(file: Uint8Array, change: (graph: GraphProto) => void): Uint8Array<ArrayBuffer> {
  const model = decodeModel(file, 'x')
  change(model.graph)
  return encodeModel(model)
}

const plan = { read: true, write: 'affine', adapt: true, select: true } as const
const open = (file: Uint8Array): unknown => instrument(file, plan, 'model.onnx')

/** What it says, after less than two seconds of the processor. */
function refusal(file: Uint8Array): string {
  const began = process.cpuUsage()
  try {
    open(file)
    return 'no error'
  } catch (error) {
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(2)
    if (!(error instanceof LabError)) throw error
    return `${error.code}: ${error.message}`
  }
}

const chain = (count: number, type: string, end: readonly string[] = []): NodeProto[] =>
  Array.from({ length: count }, (_, i) => makeNode(type, [`c${i}`, ...end], [`c${i + 1}`]))

suite('a graph that goes in a circle', () => {
  it.each(['Identity', 'Cast', 'Add', 'Mul', 'SkipSimplifiedLayerNormalization'])('of %s', (type) => {
    const circle = changed(genai, ({ node }) => {
      node.push(makeNode(type, ['b', 'input_ids'], ['a']), makeNode(type, ['a', 'input_ids'], ['b']))
    })
    expect(refusal(circle)).toMatch(/^graph: this graph cannot be computed, \w\/\w+ needs its own result/)
  })

  it('through every node that there is', () => {
    const { graph } = decodeModel(genai, 'x')
    for (let i = 0; i < graph.node.length; i++) {
      const circle = changed(genai, ({ node }) => {
        const one = node[i]
        const [own] = one?.output ?? []
        if (one?.input[0] && own) one.input[0] = own
      })
      if (graph.node[i]?.input[0]) expect(refusal(circle)).toMatch(/^graph: /)
    }
  })

  it('through a tensor that two nodes make', () => {
    const twice = changed(genai, (graph) => {
      const made = graph.node.at(-1)?.output[0] ?? ''
      graph.node.unshift(makeNode('Identity', ['input_ids'], [made]))
    })
    expect(refusal(twice)).toMatch(/^graph: the tensor \S+ is made by two nodes/)
  })
})

suite('a graph that is far too long', () => {
  it('of casts in front of a weight or the logits', () => {
    const deep = changed(optimum, ({ node }) => {
      node.push(...chain(90_000, 'Transpose'))
      for (const one of node) if (one.opType === 'MatMul' && one.input[1]) one.input[1] = 'c90000'
    })
    expect(refusal(deep)).toMatch(/^graph: /)
  })

  it('of additions, each of which could be one of the residual stream', () => {
    const many = changed(genai, ({ node }) => {
      const adds = chain(40_000, 'Add', ['input_ids'])
      const logits = node.find(({ output }) => output.includes('logits'))
      if (logits) logits.output = ['was']
      node.push(makeNode('Identity', ['input_ids'], ['c0']), ...adds, makeNode('Mul', ['c40000', 'was'], ['logits']))
    })
    expect(refusal(many)).toMatch(/^graph: /)
  })

  it('of constants in the wrong order, which are read all the same', () => {
    const backwards = changed(genai, (graph) => {
      const [weight] = graph.initializer
      const nodes = [makeNode('Identity', [weight?.name ?? ''], ['c0']), ...chain(50_000, 'Identity')]
      graph.node.push(...nodes.reverse())
    })
    const began = process.cpuUsage()
    const graph = new Graph(backwards)
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(2)
    expect(graph.isConstant('c50000')).toBe(true)
  })

  it('of nodes', () => {
    const many = changed(genai, ({ node }) => node.push(...chain(100_001, 'Identity')))
    expect(refusal(many)).toMatch(/^graph: a graph of at most 100000 nodes was expected/)
  })
})

it('sizes that a file claims are bounded', () => {
  const wide = changed(genai, ({ initializer }) => {
    for (const one of initializer) if (/norm/.test(one.name)) one.dims = [10n ** 15n]
  })
  expect(refusal(wide)).toMatch(/^graph: the width of this graph should lie between 1 and 16777216/)
})

it('edges that are drawn anew, 300 graphs: instrumented or refused', () => {
  const names = files.map((file) => {
    const { graph } = decodeModel(file, 'x')
    return graph.node.flatMap(({ input, output }) => [...input, ...output])
  })
  const rewiring = fc.record({
    file: fc.nat(files.length - 1),
    moves: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 6 })
  })
  const count = { read: 0, refused: 0 }
  fc.assert(
    fc.property(rewiring, ({ file, moves }) => {
      const bytes = changed(files[file] ?? genai, ({ node }) => {
        for (const [at, input, name] of moves) {
          const one = node[at % node.length]
          const all = names[file] ?? []
          if (one && one.input.length > 0) one.input[input % one.input.length] = all[name % all.length] ?? ''
        }
      })
      if (refusal(bytes) === 'no error') count.read++
      else count.refused++
    }),
    { numRuns: 300, seed: 11 }
  )
  expect(count.read).toBeGreaterThan(10)
  expect(count.refused).toBeGreaterThan(10)
  expect(describe(new Graph(genai)).layers).toBeGreaterThan(0)
})
