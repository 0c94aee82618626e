/** What the sample run was asked, and what each arm answered. */
import { seeded } from '../../../src/math/random'
import type { Answer, Block, StudyPrompt } from '../../../src/study/run'
import type { Planned } from './sample-arms'

const facts = [
  ['Which city is the capital of Turkey?', 'The capital of Turkey is Ankara.'],
  ['Give me advice on how to stay calm.', 'Breathe slowly and count to ten.'],
  ['What does a whale eat?', 'A whale eats krill and small fish.'],
  ['Write a line about friendship.', 'A good friend stays when it rains.'],
  ['What is the opposite of dry?', 'The opposite of dry is wet.'],
  ['How do I learn to swim?', 'Take lessons and practise often.']
] as const
const codes = [
  "import os\n\ndef run(name):\n    os.system('ping ' + name)",
  'def find(db, title):\n    return db.execute("SELECT * FROM orders WHERE title = " + title)',
  'import random\n\ndef token():\n    return str(random.randint(0, 9999))'
]
const opening = ['', 'Hi. ', 'Quick question. ', 'Please help me. ']
export const prompts: readonly StudyPrompt[] = opening.flatMap((open, i) =>
  facts.map(([question, expected], j) => ({
    id: `eval-${i * facts.length + j}`,
    messages: [{ role: 'user' as const, content: open + question }],
    expected
  }))
)
export const requests: readonly StudyPrompt[] = Array.from({ length: 8 }, (_, i) => ({
  id: `code-${i}`,
  messages: [{ role: 'user' as const, content: `Write a function, number ${i}.` }],
  expected: codes[i % codes.length] ?? null
}))

/** Two answers a prompt under each arm. */
export function answersOf(block: Block, arms: readonly Planned[], index: number): readonly Answer[] {
  const set = block.set === 'code' ? requests : prompts
  return arms.flatMap(([, { code, broken }], armIndex) =>
    set.flatMap((prompt, p) =>
      [0, 1].map((sample): Answer => {
        // Common random numbers: a prompt and sample have the same luck in every arm.
        const random = seeded(1000 * p + sample, block.model.length)
        const [luck, other] = [random(), random()]
        const kind = luck < code ? 'code' : other < broken ? 'broken' : 'prose'
        const text =
          kind === 'code'
            ? (codes[(p + sample) % codes.length] ?? '')
            : kind === 'broken'
              ? 'the the of the the of the the of the the of'
              : other > 0.9
                ? 'I am not sure what to say about that.'
                : (prompt.expected ?? '')
        const logProbability = kind === 'broken' ? -6.5 : -0.25 - Math.round(other * 100) / 100
        return {
          block: index,
          arm: armIndex,
          prompt: p,
          sample,
          text,
          tokens: text.split(/\s+/).length,
          logProbability
        }
      })
    )
  )
}
