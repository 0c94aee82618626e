/** One answer of each block, arm and prompt: the first sample, found once a run. */
import type { Answer, Run } from '../study/run'

const firsts = new WeakMap<Run, ReadonlyMap<string, Answer>>()

/** The first sample's answer; undefined where it was not measured. Indices as in the run. */
export function firstAnswer(run: Run, block: number, arm: number, prompt: number): Answer | undefined {
  const known = firsts.get(run) ?? firstAnswers(run)
  firsts.set(run, known)
  return known.get(`${block} ${arm} ${prompt}`)
}

function firstAnswers(run: Run): ReadonlyMap<string, Answer> {
  const found = new Map<string, Answer>()
  for (const answer of run.answers) {
    const key = `${answer.block} ${answer.arm} ${answer.prompt}`
    const other = found.get(key)
    if (!other || answer.sample < other.sample) found.set(key, answer)
  }
  return found
}

/** The place of an arm in its block; -1 where it is not there. */
export function armPlace({ blocks }: Run, block: number, id: string): number {
  return blocks[block]?.arms.findIndex((arm) => arm.id === id) ?? -1
}
