/** What a session file brought, in words. */

export interface Brought {
  readonly directions: number
  readonly answers: number
  readonly prompts: number
  readonly captures: number
  /** Those that are not open yet. */
  readonly models: number
}

const words = {
  directions: ['direction', 'directions'],
  answers: ['comparison', 'comparisons'],
  prompts: ['prompt set', 'prompt sets'],
  captures: ['capture', 'captures']
} as const

export function broughtSentence({ models, ...counts }: Brought): string {
  const parts = (['directions', 'answers', 'prompts', 'captures'] as const).flatMap((name) => {
    const count = counts[name]
    return count === 0 ? [] : [`${count} ${words[name][count === 1 ? 0 : 1]}`]
  })
  const what = parts.length > 0 ? `Added ${parts.join(', ')}.` : 'All of this session is here already.'
  const more = models === 1 ? ' Its model is' : models > 1 ? ` Its ${models} models are` : null
  return more === null ? what : `${what}${more} not open: press Resume on the bench.`
}
