/** The answers behind a number: those of one arm, with what each counts as. */
import { outcomeReader, type Outcome } from '../../study/analysis/measure/outcome'
import type { Answer, Arm, Block, Run, StudyPrompt } from '../../study/run'
import type { ArmAddress } from '../link'

export interface JudgedAnswer {
  readonly answer: Answer
  readonly prompt: StudyPrompt | null
  readonly outcome: Outcome
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
  const read = outcomeReader(run.models.find(({ key }) => key === block.model)?.leastLogProbability ?? NaN)
  const prompts = run.prompts[block.set]?.prompts ?? []
  const some = (indexOf(run).get(`${at} ${index}`) ?? []).filter((one) => prompt === null || one.prompt === prompt)
  const answers = some
    .toSorted((a, b) => a.prompt - b.prompt || a.sample - b.sample)
    .map((answer) => {
      const asked = prompts[answer.prompt] ?? null
      return { answer, prompt: asked, outcome: read(answer, asked?.expected ?? null) }
    })
  return { block, arm, answers }
}

/** Answers by block and arm, looked through once. */
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
