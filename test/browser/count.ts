/** What the counting worker answers. */
export interface Count {
  /** GPU buffers that were created and not destroyed, and the sum of their sizes. */
  readonly live: number
  readonly bytes: number
  /** Buffers that were ever created. */
  readonly created: number
}
