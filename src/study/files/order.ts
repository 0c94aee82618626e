import type { Answer, Run } from '../run'

/**
 * The run with its answers by block, prompt, sample and arm, in whatever order they were measured: a resumed run equals an
 * uninterrupted one, and like answers lie together. The same run where they are in order already.
 */
export function inOrder(run: Run): Run {
  const isInOrder = run.answers.every((answer, i) => i === 0 || compare(run.answers[i - 1] ?? answer, answer) <= 0)
  return isInOrder ? run : { ...run, answers: run.answers.toSorted(compare) }
}

function compare(a: Answer, b: Answer): number {
  return a.block - b.block || a.prompt - b.prompt || a.sample - b.sample || a.arm - b.arm
}
