/** What is mutated, and which unit tests belong to it. Tests that simulate for minutes, or start a process, are left out. */

/** @typedef {{ code: string[], tests: string[] }} Folder code: files or folders; tests: patterns of vitest */

/** @type {Record<string, Folder>} */
export const folders = {
  'src/math': { code: ['src/math'], tests: ['test/math/*', 'test/direction/algebra.test.ts', 'test/lab/math.test.ts'] },
  'src/direction': { code: ['src/direction'], tests: ['test/direction/*', 'test/lab/arms.test.ts'] },
  'src/study/analysis': {
    code: ['src/study/analysis'],
    tests: ['test/study/analysis/{analyse,effects,ladder,outcome,topology}.test.ts']
  },
  'src/onnx': { code: ['src/onnx'], tests: ['test/onnx/*'] },
  workers: {
    code: ['workers/session.ts', 'workers/run/steering.ts', 'workers/run/generate.ts'],
    tests: ['test/workers/engine.test.ts', 'test/workers/run/*']
  }
}
