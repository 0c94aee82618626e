import type { Side } from '../link'
import { promptLines } from './prompt-lines'

const subjects = [
  'a walk in the forest',
  'the first day of winter',
  'an old house by the sea',
  'a train at night',
  'your grandmother',
  'a small dog',
  'rain on the roof',
  'the last day of school',
  'a letter from a friend',
  'the harbour in the morning',
  'a garden',
  'the road home'
] as const

/** The example contrast: pairs that differ in the mood alone. Small chat models are joyful by themselves, so gloom shows. */
export const examplePrompts = {
  positiveName: 'gloomy',
  negativeName: 'joyful',
  positive: subjects.map((subject) => `You are very sad and full of grief. Tell me about ${subject}.`),
  negative: subjects.map((subject) => `You are very happy and full of joy. Tell me about ${subject}.`)
} as const

/** The two sides of the contrast, one prompt a line. */
export class Prompts {
  positiveName = $state<string>(examplePrompts.positiveName)
  negativeName = $state<string>(examplePrompts.negativeName)
  positiveText = $state(examplePrompts.positive.join('\n'))
  negativeText = $state(examplePrompts.negative.join('\n'))
  readonly positive = $derived(promptLines(this.positiveText))
  readonly negative = $derived(promptLines(this.negativeText))
  readonly isExample = $derived(
    this.positiveText === examplePrompts.positive.join('\n') && this.negativeText === examplePrompts.negative.join('\n')
  )

  /** What keeps the lists from being fitted, in one sentence; null when nothing does. */
  readonly problem = $derived.by(() => {
    const short = Math.min(this.positive.length, this.negative.length)
    if (short === 0) return 'Each side needs at least 2 prompts; one is empty.'
    return short < 2 ? 'Each side needs at least 2 prompts, so that one can be held out.' : null
  })

  setPositive({ name, text }: Side): void {
    this.positiveName = name
    this.positiveText = text
  }

  setNegative({ name, text }: Side): void {
    this.negativeName = name
    this.negativeText = text
  }

  restoreExample(): void {
    this.positiveName = examplePrompts.positiveName
    this.negativeName = examplePrompts.negativeName
    this.positiveText = examplePrompts.positive.join('\n')
    this.negativeText = examplePrompts.negative.join('\n')
  }
}
