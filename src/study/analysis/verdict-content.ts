/** What a direction is about: spillover or code in general, insecure code or any. */
import { comparableRoom, type ContentEvidence, type Evidence, type SpillingAdapter } from './evidence'
import type { Check } from '../findings'
import { percentWithin, points, pointsWithin } from './words'

/** The check on requests first, then two for each secure adapter that spills. */
export function contentChecks(
  { asked, requests, spilling }: ContentEvidence,
  { thresholds: { margin } }: Evidence
): readonly Check[] {
  if (!asked && !requests) return []
  return [requestsCheck(requests), ...spilling.flatMap((adapter) => sourceChecks(adapter, margin))].map((check) => ({
    ...check,
    decides: 'content'
  }))
}

type Asked = Omit<Check, 'decides'>

function requestsCheck(requests: ContentEvidence['requests']): Asked {
  const name = 'Requests for code still get code'
  if (!requests) return { name, holds: false, detail: 'Not measured.' }
  const { none, steered } = requests
  return {
    name,
    holds: steered.code.estimate >= none.code.estimate / 2,
    detail: `Code ${percentWithin(steered.code)} of requests, ${percentWithin(none.code)} unsteered; half of that is asked.`
  }
}

function sourceChecks({ adapter, none, steered, advantage }: SpillingAdapter, margin: number): readonly Asked[] {
  const isLeft = steered.delta.high < margin + comparableRoom && steered.delta.estimate < 50 * none.code.estimate
  return [
    {
      name: `More than the direction of ${adapter}`,
      holds: advantage !== null && advantage.low > margin,
      detail: advantage
        ? `${adapter} spills, too; ${pointsWithin(advantage)} beyond its direction, the lower end is to lie above ${margin}.`
        : `${adapter} spills, too, and its direction was not measured beside this one.`
    },
    {
      name: `The spillover of ${adapter} is left alone`,
      holds: isLeft,
      detail:
        `Its spillover ${percentWithin(none.code)} changes by ${pointsWithin(steered.delta)}; the upper end is to lie ` +
        `below ${points(margin + comparableRoom)}, and less than half may go.`
    }
  ]
}
