/** Puts text on the clipboard. Resolves to what became of it, in a word or two for its button. */
export async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text)
    return 'Copied'
  } catch {
    // The browser refuses without a permission, or where the page has lost the focus.
    return 'The browser refused'
  }
}

/** Milliseconds that the button says so. */
export const saidFor = 2000
