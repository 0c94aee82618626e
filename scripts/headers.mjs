/** What a page needs to have threads (SharedArrayBuffer), and what it may reach. One place for server, build and dev. */

const policy = {
  'default-src': "'none'",
  'script-src': "'self' 'wasm-unsafe-eval'",
  'worker-src': "'self' blob:",
  // Models come from the hub, from any folder on the web, or from a server on this machine.
  'connect-src': "'self' https: http://127.0.0.1:* http://localhost:* blob: data:",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'font-src': "'self'",
  'manifest-src': "'self'",
  'object-src': "'none'",
  'base-uri': "'none'",
  'form-action': "'none'"
}

/** The policy as the content of a `<meta>` element, where `frame-ancestors` is not allowed. */
export const metaPolicy = Object.entries(policy)
  .map(([name, value]) => `${name} ${value}`)
  .join('; ')

/** Without these the page has no threads. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin'
}

/** What `npm start` sends with every answer. */
export const pageHeaders = {
  ...isolationHeaders,
  'Content-Security-Policy': `${metaPolicy}; frame-ancestors 'none'`,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer'
}
