/** Paths of files in a listing: forward slashes, no leading one. */

/** The folder of a path with its slash; empty at the top. */
export const parent = (path: string): string => path.slice(0, path.lastIndexOf('/') + 1)

/** The name behind the last slash. */
export const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
