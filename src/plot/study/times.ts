/** Where the time went. */
import { rollups, scaleLinear, sum } from 'd3'
import { el, type Element } from '../../formats/markup'
import type { Run, StageTime } from '../../study/run'
import { panelWidth as width, type Figure } from './figure'
import { legend, note, rule } from './marks'
import { colour } from './palette'

const margin = { top: 12, right: 128, bottom: 36, left: 84 } as const
const step = 26

/** One bar a stage, all models together. */
export function timesChart({ times }: Run): Figure {
  const stages = rollups(times, totalOf, ({ stage }) => stage).map(([stage, total]) => ({ stage, ...total }))
  const height = margin.top + stages.length * step + margin.bottom
  const x = scaleLinear()
    .domain([0, Math.max(1, ...stages.map(({ seconds }) => seconds))])
    .nice(4)
    .range([margin.left, width - margin.right])
  const bottom = height - margin.bottom
  const whole = sum(stages, ({ seconds }) => seconds)
  const marks: Element[] = x
    .ticks(3)
    .flatMap((tick) => [
      rule(x(tick), margin.top, x(tick), bottom),
      legend(String(tick), { x: x(tick), y: bottom + 18 }, 'middle')
    ])
  marks.push(legend('seconds', { x: width - margin.right, y: height - 2 }, 'end'))
  stages.forEach(({ stage, seconds, answers }, i) => {
    const y = margin.top + i * step
    const bar = { x: margin.left, y: y + 5, width: Math.max(1, x(seconds) - margin.left), height: step - 10 }
    marks.push(el('rect', { ...bar, rx: 2, fill: colour('base') }))
    marks.push(legend(stage, { x: 0, y: y + step / 2 + 4 }))
    const speed = answers > 0 && seconds > 0 ? `, ${Math.round(answers / seconds)} answers/s` : ''
    marks.push(note(`${duration(seconds)}${speed}`, { x: x(seconds) + 6, y: y + step / 2 + 4 }, 'text'))
  })
  return {
    id: 'times',
    title: 'Where the time went',
    caption: `Seconds of each stage, all models together: ${duration(whole)} for ${sum(times, ({ answers }) => answers).toLocaleString('en')} answers. Models that ran side by side count each.`,
    panels: [
      {
        title: 'Stages',
        width,
        height,
        label: stages.map(({ stage, seconds }) => `${stage} ${duration(seconds)}`).join(', '),
        marks
      }
    ],
    rows: times.map((time) => ({ ...time }))
  }
}

function totalOf(times: readonly StageTime[]): { seconds: number; answers: number } {
  return { seconds: sum(times, ({ seconds }) => seconds), answers: sum(times, ({ answers }) => answers) }
}

/** 8 min 31 s */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${seconds < 10 ? seconds.toFixed(1) : whole}\u00a0s`
  const [minutes, rest] = [Math.floor(whole / 60), whole % 60]
  return minutes < 60
    ? `${minutes}\u00a0min ${rest}\u00a0s`
    : `${Math.floor(minutes / 60)}\u00a0h ${minutes % 60}\u00a0min`
}
