/** Asks a worker thread to end as soon as its engine is at rest. Comlink ignores messages without an id. */
export const endMessage = { azimuth: 'end' } as const

/** Whether a message asks a worker to end. */
export function isEndMessage(message: unknown): boolean {
  return (
    typeof message === 'object' && message !== null && 'azimuth' in message && message.azimuth === endMessage.azimuth
  )
}
