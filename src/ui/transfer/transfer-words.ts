/** A transfer in words: what runs, and what came out of it. */
import type { Estimate } from '../../math/bootstrap'
import { leastDrop, type Effect } from '../../spillover/effect'
import type { Result, TransferStep } from '../../state/transfer/transfer.svelte'
import { formatDuration, formatPercent } from '../words/words'
import { minus } from '../../math/number-text'

const stages: Readonly<Record<TransferStep['stage'], string>> = {
  'own-donor': 'Reading prompts with the donor, without its adapter and with it',
  'own-receiver': 'Reading prompts with the receiver, without its adapter and with it',
  'anchors-donor': 'Reading the anchors with the donor',
  'anchors-receiver': 'Reading the anchors with the receiver',
  map: 'Fitting the map for 7 values of lambda, 5-fold',
  answers: 'Answering under the receiver\u2019s adapter'
}

/** What runs, how far it is, how long it takes. */
export function describeStep({ stage, rate }: TransferStep): string {
  const { done, total } = rate.progress
  const parts = [stages[stage]]
  if (total > 0) parts.push(stage === 'map' ? `${done} %` : `${done} of ${total}`)
  if (rate.left !== null && rate.left >= 1) parts.push(`about ${formatDuration(rate.left)} left`)
  return parts.join(', ')
}

/** What the anchors are called. */
export function anchorsName(anchors: string): string {
  if (anchors === 'along') return 'anchors that vary along the direction'
  return anchors === 'neutral' ? 'neutral anchors' : `anchors of ${anchors}`
}

/** The whole result in two sentences, honest about what it does not show. */
export function readEffect({ effect, hasExpected, alpha }: Result): string {
  return `${readVerdict(effect)} ${readGood(effect, hasExpected ? 'exactly right' : 'still prose', alpha)}`
}

function readVerdict({ verdict, none, carriedDrop, mappedDrop, margin }: Effect): string {
  const carried = `The carried direction takes away ${points(carriedDrop)} points of code`
  const random = `random ones through the same map ${change(mappedDrop)}`
  switch (verdict) {
    case 'little-to-remove':
      return `The receiver answers only ${formatPercent(none.code.share)} with code to begin with: too little to take away.`
    case 'no-effect':
      return `${carried} (95 % ${range(carriedDrop)}), ${random}: no effect to speak of.`
    case 'specific':
      return `${carried}, ${random}: specific here, by ${points(margin)} points (95 % ${range(margin)}).`
    case 'broken':
      return `${carried}, ${random}, but by breaking the text: that is no success.`
    case 'not-specific':
      return `${carried}, ${random}: not specific. Any direction through this map does as much.`
    case 'unresolved':
      return `${carried}, ${random}: too close to call with ${none.code.n} questions (margin 95 % ${range(margin)}). Measure more.`
  }
}

function readGood({ none, carried, carriedDrop }: Effect, name: string, alpha: number): string {
  const [before, after] = [none.good.share, carried.good.share]
  const numbers = `${formatPercent(after)} of the answers are ${name}, ${formatPercent(before)} without steering`
  if (after > before / 2 || carriedDrop.estimate < leastDrop) return `${numbers}.`
  return `Only ${numbers}: at alpha ${alpha} the text breaks, and the fall in code alone would mislead.`
}

/** What became of the code: "take 12", or "add 8". */
function change({ estimate }: Estimate): string {
  const whole = Math.round(estimate)
  if (whole === 0) return 'none'
  return whole > 0 ? `take ${whole}` : `add ${-whole}`
}

function points({ estimate }: Estimate): string {
  return minus(`${Math.round(estimate)}`)
}

function range({ low, high }: Estimate): string {
  return minus(`${Math.round(low)} to ${Math.round(high)}`)
}
