/** The answers behind a number: those of one arm, with what each counts as. */
import { isCode } from '../spillover/detector'
import { cleanProse, degeneration, type Degeneration } from '../spillover/quality'
import type { Answer, Arm, Block, Run, StudyPrompt } from '../study/run'
import type { ArmAddress } from './link'

export interface JudgedAnswer {
  readonly answer: Answer
  readonly prompt: StudyPrompt | null
  readonly isCode: boolean
  readonly isClean: boolean
  /** Why it is degenerate; null where it is not. */
  readonly degeneration: Degeneration | null
}

export interface ArmAnswers {
  readonly block: Block
  readonly arm: Arm
  /** In the order of prompts, then samples. */
  readonly answers: readonly JudgedAnswer[]
}

const indexes = new WeakMap<Run, ReadonlyMap<string, readonly Answer[]>>()

/** Everything that an arm answered, or what it answered to one prompt; null where the run has no such arm. */
export function armAnswers(run: Run, { block: at, arm: id, prompt }: ArmAddress): ArmAnswers | null {
  const block = run.blocks[at]
  const index = block?.arms.findIndex((one) => one.id === id) ?? -1
  const arm = block?.arms[index]
  if (!block || !arm) return null
  const least = run.models.find(({ key }) => key === block.model)?.leastLogProbability ?? -Infinity
  const prompts = run.prompts[block.set]?.prompts ?? []
  const some = (indexOf(run).get(`${at} ${index}`) ?? []).filter((one) => prompt === null || one.prompt === prompt)
  const sorted = some.toSorted((a, b) => a.prompt - b.prompt || a.sample - b.sample)
  return { block, arm, answers: sorted.map((answer) => judged(answer, prompts[answer.prompt] ?? null, least)) }
}

function indexOf(run: Run): ReadonlyMap<string, readonly Answer[]> {
  const known = indexes.get(run)
  if (known) return known
  const index = new Map<string, Answer[]>()
  for (const answer of run.answers) {
    const key = `${answer.block} ${answer.arm}`
    const list = index.get(key)
    if (list) list.push(answer)
    else index.set(key, [answer])
  }
  indexes.set(run, index)
  return index
}

function judged(answer: Answer, prompt: StudyPrompt | null, least: number): JudgedAnswer {
  const { text, logProbability } = answer
  return {
    answer,
    prompt,
    isCode: isCode(text),
    isClean: logProbability !== null && cleanProse(text, { nll: -logProbability, bound: -least }),
    degeneration: degeneration(text, { ...(logProbability !== null && { logProbability }), percentile1: least })
  }
}
