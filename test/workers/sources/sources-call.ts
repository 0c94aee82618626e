/** What sources-worker.ts is asked. In a file of its own, for the page's types are not the worker's. */
import type { ModelSource } from '../../../src/lab/api'

/** `cancelAt`: bytes of a download after which it is cancelled. */
export type Call =
  | {
      readonly verb: 'read'
      readonly source: ModelSource
      readonly paths: readonly string[]
      readonly cancelAt?: number
    }
  | { readonly verb: 'list'; readonly source: ModelSource }
  | { readonly verb: 'stored' }
  | { readonly verb: 'delete'; readonly id: string }
