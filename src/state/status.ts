import { isAbort } from '../errors'

/** Work as one union, never a set of flags. A cancelled run goes back to `idle`. */
export type Status<Step> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'running'; readonly step: Step }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: Error }

/** How a run that threw ends: cancelled is not failed. */
export function endOf(error: unknown): { readonly kind: 'idle' } | { readonly kind: 'failed'; readonly error: Error } {
  if (isAbort(error)) return { kind: 'idle' }
  return { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) }
}
