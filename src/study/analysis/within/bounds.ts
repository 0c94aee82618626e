/** Whether the bound that clean prose is held to flags answers that nothing is wrong with. */
import type { BoundFinding } from '../../findings'
import { outcomeReader, type TextReader } from '../measure/outcome'
import type { Answer, Block, Run } from '../../run'

/** Of the base's own answers to `eval` and of those that are right, the most that may be flagged. */
export const mostFlagged = 0.02

/** One a model whose base was asked on `eval`. */
export function boundFindings(run: Run, read?: TextReader): readonly BoundFinding[] {
  const set = run.prompts.calibrate ? 'calibrate' : 'tune'
  const bases = new Map<string, Answer[]>()
  for (const answer of run.answers) {
    const block = run.blocks[answer.block]
    if (!block || !isBase(block)) continue
    const key = JSON.stringify([block.model, block.set])
    const list = bases.get(key)
    if (list) list.push(answer)
    else bases.set(key, [answer])
  }
  const answersOf = (model: string, name: string): readonly Answer[] => bases.get(JSON.stringify([model, name])) ?? []
  return run.models.flatMap(({ key, leastLogProbability: bound }) => {
    const own = answersOf(key, 'eval')
    if (own.length === 0) return []
    const outcome = outcomeReader(bound, read)
    const prompts = run.prompts.eval?.prompts ?? []
    const outcomes = own.map((answer) => outcome(answer, prompts[answer.prompt]?.expected ?? null))
    const prose = outcomes.filter(({ code }) => !code)
    const right = prose.filter((one) => one.right === true)
    const flagged = share(prose)
    const flaggedRight = share(right)
    const n = answersOf(key, set).filter(({ logProbability }) => logProbability !== null).length
    return [
      {
        model: key,
        set,
        n,
        bound,
        flagged,
        flaggedRight,
        holds: !(flagged > mostFlagged) && !(flaggedRight > mostFlagged)
      }
    ]
  })
}

function isBase({ adapter, part }: Block): boolean {
  return adapter === 'base' && part === 'admission'
}

/** Flagged for their improbability alone; NaN of none. */
function share(outcomes: readonly { readonly degeneration: string | null }[]): number {
  return outcomes.filter(({ degeneration }) => degeneration === 'improbable').length / outcomes.length
}
