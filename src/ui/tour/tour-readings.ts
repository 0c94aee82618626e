/** What the figures of the tour show, in a sentence made from their numbers. */
import type { TourResult } from '../../state/tour/tour.svelte'
import type { RateLine } from '../../lab/arms'
import type { SteerResult } from '../../experiments/tour-runs'
import { mean as average } from '../../math/statistics'
import { formatPercent } from '../words/words'
import { minus } from '../../math/number-text'

/** One or two sentences on what has just been measured. */
export function readingOf({ id, model, result }: TourResult): string {
  switch (id) {
    case 'stream': {
      const kept = result.layers.flatMap((layer) => (layer.kept === null ? [] : layer.kept))
      const least = Math.min(...kept).toFixed(2)
      return (
        `${model} has ${result.layers.length} layers and ${result.width} numbers a token. From one row to the next the ` +
        `pattern stays alike: the cosine of neighbouring rows is ${least} or more (1 is the same pattern, 0 has nothing in common).`
      )
    }
    case 'direction': {
      const all = result.base.length + result.tuned.length
      return (
        `${result.right} of ${all} dots lie on their own side of the middle. One gap is ${result.gap.toPrecision(3)} long, ` +
        `${formatPercent(result.relativeGap)} of the mean length of a hidden state. (The direction was found with these very ` +
        'dots: step 5 is about that.)'
      )
    }
    case 'steer': {
      const n = result.pairs.length
      const count = (of: (pair: SteerResult['pairs'][number]) => boolean): number => result.pairs.filter(of).length
      const moved = (arm: 'steered' | 'random'): string =>
        twoDigits(average(result.pairs.map((pair) => pair[arm].place - pair.none.place).filter(Number.isFinite)))
      return (
        `Without steering ${count(({ none }) => none.code)} of ${n} answers are code. Steered, ` +
        `${count(({ steered }) => steered.code)} of ${n}, and ${count(({ steered }) => steered.good)} are exactly right. ` +
        `Along the direction, their hidden states moved by ${moved('steered')} gaps on average; a ` +
        `random direction of the same length moved them by ${moved('random')}.`
      )
    }
    case 'control': {
      const [none, own, ...random] = result.lines
      return (
        `The direction takes the code from ${percent(none)} to ${percent(own)}. Random ones of the same length leave ` +
        `${mean(random)} on average.`
      )
    }
    case 'held-out': {
      const [piles, real] = result.lines
      return (
        `The random piles: ${percent(piles)} right on what was fitted, ${percent(piles, 'right')} on what was held out; a coin ` +
        `reaches 50\u00a0%. The adapter: ${percent(real)} and ${percent(real, 'right')}.`
      )
    }
    case 'too-much': {
      const best = result.lines.reduce((a, b) => (b.right.share > a.right.share ? b : a))
      const most = result.lines.at(-1)
      return (
        `Most answers are right at ${best.label.toLowerCase()}: ${percent(best, 'right')}. At ${most?.label ?? ''}, ` +
        `${percent(most)} are code and ${percent(most, 'right')} are right.`
      )
    }
    case 'anchors': {
      const [none, neutral, along, ...random] = result.lines
      return (
        `R\u00b2 is ${result.r2.neutral.toFixed(2)} over the neutral anchors and ${result.r2.along.toFixed(2)} over the varied ` +
        `ones: the maps predict alike. Of ${percent(none)} code, what the neutral map carries leaves ${percent(neutral)}, what the ` +
        `varied one carries ${percent(along)}, and random directions through that map ${mean(random)}. The cosine with ` +
        `${result.receiver}\u2019s own direction is ${twoDigits(result.cosine.neutral)} and ${twoDigits(result.cosine.along)}.`
      )
    }
    case 'limits': {
      const [insecure, secure] = result.lines
      return (
        `The secure adapter separates ${percent(secure)} of held-out hidden states from the model as it is, the insecure one ` +
        `${percent(insecure)}. Yet one answers ${percent(secure, 'right')} of the questions with code, the other ` +
        `${percent(insecure, 'right')}.`
      )
    }
  }
}

function percent(line: RateLine | undefined, side: 'left' | 'right' = 'left'): string {
  return formatPercent(line?.[side].share ?? NaN)
}

const twoDigits = (value: number): string => minus(value.toFixed(2))

function mean(lines: readonly RateLine[]): string {
  return formatPercent(average(lines.map(({ left }) => left.share)))
}
