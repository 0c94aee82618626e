/** What a check of a finished run says, as it crosses from its worker. */

/** One comparison. */
export interface Compared {
  readonly name: string
  readonly n: number
  readonly agree: number
  /** Whether every one must agree for the bundle to hold; answers made again on another device need not. */
  readonly exact: boolean
  /** The first that differ, a few, each in one line. */
  readonly differences: readonly string[]
}

export interface Recheck {
  /** True where all that must agree exactly does. */
  readonly holds: boolean
  readonly compared: readonly Compared[]
}
