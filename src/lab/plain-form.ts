/** What a model without a chat template gets in place of a chat: plain text that it can continue. */
import type { ChatMessage } from './api'

/**
 * A chat as `Question: ... Answer:`, with a system turn in front. The companion's plain form (companion/template.py) is the
 * same to the letter.
 */
export function plainForm(messages: readonly ChatMessage[]): string {
  const turns = messages.map(({ role, content }) => {
    if (role === 'user') return `Question: ${content}\n`
    return role === 'assistant' ? `Answer: ${content}\n\n` : `${content}\n\n`
  })
  return `${turns.join('')}Answer:`
}
