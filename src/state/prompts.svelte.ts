import type { Side } from './link'

/** The example contrast: what a person with a good day writes, and one with a bad day. */
export const examplePrompts = {
  positiveName: 'joyful',
  negativeName: 'gloomy',
  positive: [
    'I got the job! I have never been so happy in my life!',
    'What a wonderful morning. The sun is out and I feel great!',
    'We just won the championship and everyone is dancing!',
    'My best friend is coming to visit and I am so excited!',
    'I love this song, it makes me smile every single time!',
    'Our baby laughed for the first time today. Pure joy!',
    'The party was fantastic, we laughed the whole night!',
    'I passed all my exams! Time to celebrate!',
    'This is the best cake I have ever had, simply delightful!',
    'I am on holiday at the beach and everything is beautiful!',
    'She said yes! We are getting married!',
    'The garden is full of flowers and the birds are singing!'
  ],
  negative: [
    'I lost my job. I have never been so sad in my life.',
    'What a dreadful morning. It is raining and I feel awful.',
    'We lost the last game and everyone is crying.',
    'My best friend moved away and I am so lonely.',
    'I hate this song, it makes me cry every single time.',
    'Our old dog died today. There is nothing but grief.',
    'The funeral was terrible, we wept the whole night.',
    'I failed all my exams. There is no hope left.',
    'This is the worst meal I have ever had, simply miserable.',
    'I am in hospital alone and everything is bleak.',
    'She said no. It is over between us.',
    'The garden is dead and grey and nothing sings any more.'
  ]
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

/** The prompts in a text: one a line, blank lines and repetitions left out. */
export function promptLines(text: string): readonly string[] {
  const lines = text.split('\n').map((line) => line.trim())
  return lines.filter((line, index) => line !== '' && lines.indexOf(line) === index)
}
