/** A model with a recurrent state beside its keys and values: the state is carried, never cut, and no padding runs through it. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Steering } from '../../src/lab/api'
import { describe as describeGraph } from '../../src/onnx/describe'
import { Graph } from '../../src/onnx/graph'
import { DataType, encodeModel, int64Tensor, floatScalar, makeNode, makeValueInfo } from '../../src/onnx/proto'
import { Engine } from '../../workers/engine'
import { graphPath, loadFixture } from '../fixtures'
import { fixtureFiles, ids } from './fixture-host'

const base = 'gpt_neox-sequential-optimum'
const greedy = { maxTokens: 10, sampling: { temperature: 0 } }
const { prompts } = loadFixture(base).reference

/** The fixture with a running sum in front of its first attention: s(t) = s(t - 1) + x(t), y = x + s / 8. */
function hybrid(): Uint8Array {
  const graph = new Graph(readFileSync(graphPath(loadFixture(base), 'fp32')))
  const norm = graph.proto.node.find(
    ({ name }) => /layers\.0\/input_layernorm\//.test(name) && name.includes('LayerNormalization')
  )
  const x = norm?.output[0] ?? ''
  if (!norm || !x) throw new Error('the fixture has no first norm')
  const one = graph.addInitializer(int64Tensor('axes.one', [1]))
  const last = graph.addInitializer(int64Tensor('last.token', [-1]))
  const share = graph.addInitializer(floatScalar('an.eighth', 1 / 8))
  graph.constantTensor(last)?.dims.splice(0)
  const axis = graph.addInitializer(int64Tensor('axis.one', [1]))
  graph.constantTensor(axis)?.dims.splice(0)
  graph.addInput(makeValueInfo('past_recurrent.0', DataType.FLOAT, ['batch', 24]))
  graph.addOutput(makeValueInfo('present_recurrent.0', DataType.FLOAT, ['batch', 24]))
  graph.redirect(x, 'mixed')
  graph.insertAfter(
    norm,
    makeNode('CumSum', [x, axis], ['running']),
    makeNode('Unsqueeze', ['past_recurrent.0', one], ['before']),
    makeNode('Add', ['running', 'before'], ['state']),
    makeNode('Gather', ['state', last], ['present_recurrent.0'], { axis: { int: 1 } }),
    makeNode('Mul', ['state', share], ['part']),
    makeNode('Add', [x, 'part'], ['mixed'])
  )
  graph.commit()
  return encodeModel(graph.model)
}

const file = hybrid()

async function open(): Promise<Engine> {
  const engine = new Engine(fixtureFiles(base, { 'onnx/model.onnx': file }))
  await engine.open({ kind: 'folder', path: base }, { dtype: 'fp32' })
  return engine
}

async function answer(
  engine: Engine,
  rows: readonly (readonly number[])[],
  steering?: Steering
): Promise<(readonly number[])[]> {
  const asked = rows.map((row) => ({ prompt: ids(row), ...(steering && { steering }) }))
  return (await engine.generate(asked, greedy)).completions.map((completion) => completion.ids)
}

describe('a hybrid', () => {
  it('has its layers counted by its blocks, and its state carried', () => {
    const info = describeGraph(new Graph(file))
    expect(info.layers).toBe(2)
    expect(info.ragged).toBe(false)
    expect(info.cache.states.find(({ past }) => past === 'past_recurrent.0')).toMatchObject({
      present: 'present_recurrent.0',
      sizes: [24]
    })
  })

  it('answers token by token what it answers at once: the state goes on from where it was', async () => {
    const engine = await open()
    const [first = []] = prompts
    const [whole = []] = await answer(engine, [first])
    for (const done of [1, 4]) {
      const fresh = await open()
      expect((await answer(fresh, [[...first, ...whole.slice(0, done)]]))[0]?.slice(0, 10 - done)).toEqual(
        whole.slice(done)
      )
      await fresh.close()
    }
    expect(whole).not.toEqual(loadFixture(base).reference.greedy.none[0]?.slice(0, whole.length))
    await engine.close()
  })

  it('answers and captures rows of different lengths as each alone', async () => {
    const engine = await open()
    const rows = [...prompts, (prompts[0] ?? []).slice(0, 5)]
    const together = await answer(engine, rows)
    for (const [i, row] of rows.entries()) expect([together[i]]).toEqual(await answer(engine, [row]))
    const all = await engine.capture(
      rows.map((row) => ({ prompt: ids(row) })),
      'last'
    )
    for (const [i, row] of rows.entries()) {
      const alone = await engine.capture([{ prompt: ids(row) }], 'last')
      alone.data.forEach((value, at) => {
        const [layer, j] = [Math.floor(at / alone.width), at % alone.width]
        expect(all.data[(layer * rows.length + i) * all.width + j]).toBeCloseTo(value, 4)
      })
    }
    await engine.close()
  })

  it('is not cut back to a shorter beginning, and goes on from a whole one', async () => {
    const [first = []] = prompts
    const steering: Steering = {
      interventions: [{ mode: 'add', layer: 0, vector: new Float32Array(24).fill(0.5), coefficient: 1 }],
      positions: 'generated'
    }
    const engine = await open()
    const [said = []] = await answer(engine, [first])
    await answer(engine, [first], steering)
    const others = [[...first, ...said, 7, 9], [...first.slice(0, 10), 5, 6], first]
    for (const other of others) {
      const fresh = await open()
      const want = await answer(fresh, [other])
      await fresh.close()
      await answer(engine, [first])
      expect(await answer(engine, [other])).toEqual(want)
    }
    await engine.close()
  })
})
