/**
 * Long computations are generators that yield the share done after every short step, so that whoever drives them can
 * paint, report and stop in between. This drives one to its end at once.
 */
export function finish<Result>(steps: Generator<number, Result>): Result {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
