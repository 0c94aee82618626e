/** An arm of a finished run in a link. */

/** One arm of one block of a run, and one of its prompts or all: `12:own@1`, `12:own@1:7`. */
export interface ArmAddress {
  /** Index into the run's blocks. */
  readonly block: number
  /** Its id. */
  readonly arm: string
  /** Index into the set's prompts; null for all. */
  readonly prompt: number | null
}

/** `12:own@1`, `12:own@1:7`. */
export function writeArm({ block, arm, prompt }: ArmAddress): string {
  return `${block}:${arm}${prompt === null ? '' : `:${prompt}`}`
}

/** Null for anything else. An arm's id may hold colons, but none before digits at its end. */
export function readArm(value: string | null): ArmAddress | null {
  const [, block, arm, prompt] = /^(\d+):(.+?)(?::(\d+))?$/.exec(value ?? '') ?? []
  if (block === undefined || arm === undefined) return null
  return { block: Number(block), arm, prompt: prompt === undefined ? null : Number(prompt) }
}
