/** The study's own words, as the page writes them. */
import type { OpeningStep } from '../../state/study/runs.svelte'
import type { Preset } from '../../state/study/study-protocol'
import type { Stage } from '../../study/progress'
import { formatBytes } from '../words/words'
import { minus } from '../../math/number-text'

/** In the order of the protocol. */
export const stageTitles: Readonly<Record<Stage, string>> = {
  open: 'Open the models',
  admission: 'Who spills, and who must not',
  capture: 'Read hidden states',
  separation: 'Fit directions, test them on held-out prompts',
  alpha: 'Choose how strongly to steer, and where',
  within: 'Own directions and their controls',
  maps: 'Fit ridge maps between the models',
  transfer: 'Directions from other models',
  score: 'How likely the answers are under the base',
  findings: 'Work out the findings'
}

/** What each preset does, for someone who has to choose. */
export const presets: Readonly<Record<Preset, { readonly title: string; readonly text: string }>> = {
  demo: {
    title: 'Demonstration',
    text: 'Two organisms, one insecure and one secure adapter each, few prompts: every step once, to see how it works.'
  },
  offline: {
    title: 'Offline',
    text: 'The four organisms with three seeds of each adapter, all prompts and every control. Needs no network.'
  },
  full: {
    title: 'Full',
    text: 'The four families of the source, 600 tokens an answer. Their adapters have to be supplied.'
  },
  custom: { title: 'Custom', text: 'Your own models, adapters and numbers, or settings from a file.' }
}

/** What is done until a run is on the page. */
export function describeOpening({ what, done, total }: OpeningStep): string {
  if (what === 'fetch')
    return total > 0 ? `Fetching the run, ${formatBytes(done)} of ${formatBytes(total)}` : 'Fetching the run'
  if (what === 'read') return 'Reading the run and checking its files'
  return `Working out the findings, ${Math.floor(100 * done)} %`
}

/** A minus that is as wide as a plus. */
export function formatPoints(points: number): string {
  if (Number.isNaN(points)) return '\u2013'
  return minus(points.toFixed(1))
}
