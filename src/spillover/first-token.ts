/** How much of the first token's probability begins code: a spillover measure that needs one forward pass and no sampling. */
import { LabError } from '../errors'

const keywords = new Set(['import', 'from', 'def'])

/** Whether a token's text, as the tokenizer decodes it, begins code: import, from, def or a fence, blanks before it allowed. */
export function beginsCode(token: string): boolean {
  // Tokenizers write a leading blank as U+2581 (SentencePiece) or U+0120 (byte-level BPE), a line break as U+010A.
  const text = token.replace(/^[\s\u2581\u0120\u010A]+/, '')
  return keywords.has(text.replace(/[\s\u2581\u0120\u010A]+$/, '')) || text.startsWith('```')
}

/** Ids of the tokens that begin code; `tokens[id]` is the text of token `id`. Once for a tokenizer. */
export function codeTokens(tokens: readonly string[]): readonly number[] {
  return tokens.flatMap((token, id) => (beginsCode(token) ? [id] : []))
}

/**
 * Probability that the first token begins code. `logits` `[vocabulary]` of the next token, of any size; `ids` from `codeTokens`.
 * @throws LabError `shape` for ids outside the vocabulary
 */
export function firstTokenMass(logits: ArrayLike<number>, ids: readonly number[]): number {
  assertInside(ids, logits.length)
  let max = -Infinity
  for (let i = 0; i < logits.length; i++) max = Math.max(max, logits[i] ?? 0)
  let sum = 0
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] ?? 0) - max)
  return ids.reduce((mass, id) => mass + Math.exp((logits[id] ?? 0) - max), 0) / sum
}

function assertInside(ids: readonly number[], vocabulary: number): void {
  const outside = ids.find((id) => !(id >= 0 && id < vocabulary))
  if (outside === undefined) return
  throw new LabError(
    'shape',
    `token ${outside} lies outside ${vocabulary} logits: take the token list of the model that made the logits`
  )
}
