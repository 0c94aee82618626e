/** Types of the plain JavaScript that the benchmarks share with the other scripts. */
declare module '*/scripts/browser.mjs' {
  export const browserFlags: string[]
  export const howToGetOne: string
  export function findBrowser(): Promise<string | null>
}
declare module '*/scripts/serve.mjs' {
  export function serve(site: {
    readonly root: string
    readonly models?: readonly string[]
  }): Promise<{ readonly url: string; close(): Promise<void> }>
}
