/** Medians with quartiles, and repetitions that take turns. */

export interface Stats {
  readonly median: number
  readonly q1: number
  readonly q3: number
  readonly min: number
  readonly max: number
  readonly n: number
}

export function stats(values: readonly number[]): Stats {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): number => quantile(sorted, share)
  return { median: at(0.5), q1: at(0.25), q3: at(0.75), min: at(0), max: at(1), n: sorted.length }
}

export const median = (values: readonly number[]): number => stats(values).median

/** Between the two nearest values, as numpy does by default. NaN for an empty list. */
function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)] ?? NaN
  const high = sorted[Math.ceil(place)] ?? NaN
  return low + (high - low) * (place - Math.floor(place))
}

/** What takes turns; each call is one repetition. */
export type Contestants<Name extends string, Result> = Readonly<Record<Name, (repetition: number) => Promise<Result>>>

/**
 * Repetitions in turns, A B, B A, A B ..., so that a machine that slows down slows all of them.
 * The first round is warm-up and is left out.
 */
export async function interleave<Name extends string, Result>(
  n: number,
  contestants: Contestants<Name, Result>
): Promise<Map<Name, Result[]>> {
  const names = namesOf(contestants)
  const results = new Map(names.map((name): [Name, Result[]] => [name, []]))
  for (let repetition = 0; repetition <= n; repetition++) {
    for (const name of repetition % 2 === 0 ? names : names.toReversed()) {
      const result = await contestants[name](repetition)
      if (repetition > 0) results.get(name)?.push(result)
    }
  }
  return results
}

function namesOf<Name extends string>(contestants: Readonly<Record<Name, unknown>>): Name[] {
  const names: Name[] = []
  for (const name in contestants) names.push(name)
  return names
}
