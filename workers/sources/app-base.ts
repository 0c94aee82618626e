/** Where the page is, seen from a worker. */

/**
 * The page's folder, with its slash. Workers lie one folder below it, both in the build (`assets/model-<hash>.js`) and
 * in the development server (`workers/model.ts`).
 */
export const appBase = (): string => new URL('../', self.location.href).href
