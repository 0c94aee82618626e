/** What Node says of a disk that has no room. */

/** `ENOSPC` and the like; empty for what is no error of the system. */
export const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** True where a disk, a quota or the largest size of a file is used up. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(codeOf(error))
