/** Worker entry in the page: reads one file that a person brought, and is ended with it. */
import { expose, transfer } from 'comlink'
import { holdLock } from '../../src/lab/connect/held'
import { registerWire } from '../../src/lab/connect/wire'
import { readersHere } from '../../src/state/drop/read-here'
import type { FilesApi } from '../../src/state/drop/readers'

/** Rows of a message: some milliseconds of the page's time. */
const piece = 1000

/** Each piece waits until the page took the one before. */
async function inPieces<Row>(rows: readonly Row[], onRows: (rows: readonly Row[]) => unknown): Promise<void> {
  for (let from = 0; from < rows.length; from += piece) await onRows(rows.slice(from, from + piece))
}

registerWire()
holdLock()
expose({
  ...readersHere,
  ready: async () => undefined,
  async kind(dropped) {
    const kind = await readersHere.kind(dropped)
    return 'files' in kind
      ? transfer(
          kind,
          kind.files.map(({ bytes }) => bytes.buffer)
        )
      : kind
  },
  async prompts(file, onRows) {
    const { prompts, notes } = await readersHere.prompts(file)
    await inPieces(prompts, onRows)
    return notes
  },
  async bundle(bytes, onAnswers) {
    const bundle = await readersHere.bundle(bytes)
    await inPieces(bundle.run.answers, onAnswers)
    return { ...bundle, run: { ...bundle.run, answers: [] } }
  }
} satisfies FilesApi)
