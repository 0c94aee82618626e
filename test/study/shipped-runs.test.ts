import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { readBundle } from '../../src/study/files/bundle'

it.each(['offline', 'smollm2-135m'])('the run %s, which comes with the page, opens', async (name) => {
  const { run } = await readBundle(new Uint8Array(readFileSync(`public/runs/${name}.zip`)))
  expect(run.answers.length).toBeGreaterThan(1000)
})
