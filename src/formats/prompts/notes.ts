/** What a reader should know of a prompt file: what was not used, or not used as it stands. One sentence a kind. */

/** The first of a file's own names, fit for one line of a message. */
export function shown(names: readonly string[], most = 5): string {
  const some = names.slice(0, most).map(
    (name) =>
      name
        .replace(/[\p{C}\s]+/gu, ' ')
        .trim()
        .slice(0, 30) || 'one without a name'
  )
  return `${some.join(', ')}${names.length > most ? ' …' : ''}` || 'nothing'
}

export class FileNotes {
  readonly #unused = new Set<string>()
  readonly #joined = new Map<string, number>()
  #answers = { count: 0, first: '' }
  #turns = { count: 0, first: '' }

  /** A field whose content stands nowhere in the prompts. */
  unused(field: string): void {
    this.#unused.add(field)
  }

  /** A field that was written below the question. */
  joined(field: string): void {
    this.#joined.set(field, (this.#joined.get(field) ?? 0) + 1)
  }

  /** An answer that is no text and no message. */
  leftOut(place: string, what: string): void {
    this.#answers = { count: this.#answers.count + 1, first: this.#answers.first || `${place}: ${what}` }
  }

  /** A chat that goes on after its answer. */
  goesOn(place: string): void {
    this.#turns = { count: this.#turns.count + 1, first: this.#turns.first || place }
  }

  sentences(): readonly string[] {
    const joined = Array.from(
      this.#joined,
      ([field, count]) =>
        `${shown([field])} was written below the question in ${count} record${count === 1 ? '' : 's'}.`
    )
    return [
      ...(this.#unused.size > 0 ? [`Fields that are not used: ${shown([...this.#unused], 12)}.`] : []),
      ...joined.map((text) => `The field ${text}`),
      ...(this.#answers.count > 0
        ? [`${this.#answers.count} answers that are no text left out, first ${this.#answers.first}.`]
        : []),
      ...(this.#turns.count > 0
        ? [`${this.#turns.count} chats go on after their answer, which is not used, first ${this.#turns.first}.`]
        : [])
    ]
  }
}
