/** How a promise ends, for tests of errors. */

/** Code and text of the error that a promise ends with. */
export async function failure(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error: unknown) =>
      error instanceof Error ? `${'code' in error ? String(error.code) : error.name}: ${error.message}` : 'no Error'
  )
}
