/** Merged decoders: the branch with a cache reads whole prompts, and one that cannot is refused when it is opened. */
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { decodeModel, encodeModel, makeNode } from '../../src/onnx/proto'
import { subgraphs } from '../../src/onnx/subgraph'
import { Engine } from '../../workers/engine'
import { graphPath, loadFixture } from '../fixtures'
import { fixtureFiles } from './fixture-host'

const name = 'gpt2-merged-optimum'
const file = readFileSync(graphPath(loadFixture(name), 'fp32'))

/** As traced with one token at a time: nothing keeps the tokens of one run from those behind them. */
function withoutCausalMask(): Uint8Array {
  const model = decodeModel(file, name)
  for (const branch of model.graph.node.flatMap(subgraphs)) {
    const at = branch.node.findIndex(({ opType }) => opType === 'LessOrEqual')
    const [compare] = branch.node.slice(at, at + 1)
    const [mask = ''] = compare?.output ?? []
    if (!compare || !mask) throw new Error('the branch has no causal mask')
    const own = `${mask}/own`
    const other = `${mask}/other`
    compare.output = [own]
    branch.node.splice(at + 1, 0, makeNode('Greater', compare.input, [other]), makeNode('Or', [own, other], [mask]))
  }
  return encodeModel(model)
}

const open = (bytes: Uint8Array): Promise<unknown> => {
  const engine = new Engine(fixtureFiles(name, { 'onnx/model.onnx': bytes }))
  return engine.open({ kind: 'folder', path: name }, { dtype: 'fp32' }).finally(() => engine.close())
}

it('opens where three tokens at once are three tokens one by one', async () => {
  await expect(open(file)).resolves.toMatchObject({ layers: 2, width: 24 })
})

it('is refused where the branch was made for one token at a time', async () => {
  await expect(open(withoutCausalMask())).rejects.toMatchObject({
    code: 'graph',
    message: expect.stringMatching(/merged decoder.*one token at a time.*newer conversion/)
  })
})
