/** The prompts in a text: one a line, blank lines and repetitions left out. */
export function promptLines(text: string): readonly string[] {
  return [...new Set(text.split('\n').map((line) => line.trim()))].filter((line) => line !== '')
}
