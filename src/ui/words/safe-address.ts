/** Where the page at an address can be opened so that the browser trusts it: over https, or on the machine that serves it. */
export function safeAddress(address: string): {
  readonly https: string
  readonly local: string
  readonly port: string
} {
  const url = new URL(address)
  const port = url.port || '80'
  url.protocol = 'https:'
  const local = new URL(address)
  local.hostname = 'localhost'
  return { https: url.href, local: local.href, port }
}
