/** What sources-worker.ts is asked. In a file of its own, for the page's types are not the worker's. */
import type { ModelSource } from '../../../src/lab/api'
import type { Patience } from '../../../workers/sources/limits'

/** `cancelAt`: bytes of a download after which it is cancelled. `patience`: in place of that of most tests. */
export type Call =
  | {
      readonly verb: 'read'
      readonly source: ModelSource
      readonly paths: readonly string[]
      readonly cancelAt?: number
      readonly patience?: Patience
    }
  | { readonly verb: 'list'; readonly source: ModelSource }
  | { readonly verb: 'stored' }
  | { readonly verb: 'delete'; readonly id: string }
