/** Answers of servers and files of earlier versions: looked at before they are believed. */

export type Json = Readonly<Record<string, unknown>>

/** The value as an object, undefined where it is none. */
export function asObject(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
}

/** The value's elements, none where it is no list. */
export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** The value where it is text with something in it. */
export const asText = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined

/** SHA-256 in hex. */
export const isSha256 = (text: string | undefined): text is string => /^[\da-f]{64}$/.test(text ?? '')

/** A commit, or git's name of a content, in hex. */
export const isGitId = (text: string | undefined): text is string => /^[\da-f]{40}$/.test(text ?? '')

/** The value where it is a size: a whole number that is not negative. */
export const asSize = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** The value of a JSON text, undefined where the text is not JSON. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
