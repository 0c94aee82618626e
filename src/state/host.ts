/** What the page runs in, from a browser's own words: "Chromium 141", "Firefox 140". */
export function hostName(userAgent: string): string {
  const known = [
    [/\bEdg\/(\d+)/, 'Edge'],
    [/\bFirefox\/(\d+)/, 'Firefox'],
    [/Chrom(?:e|ium)\/(\d+)/, 'Chromium'],
    [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\S+ )?Safari\//, 'Safari']
  ] as const
  for (const [pattern, name] of known) {
    const [, version] = pattern.exec(userAgent) ?? []
    if (version !== undefined) return `${name} ${version}`
  }
  return 'a browser'
}
