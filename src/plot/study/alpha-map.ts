/** Spillover beside degeneration over layer and alpha, as measured on `tune` when both were chosen. */
import { el, type Element } from '../../formats/markup'
import { count } from '../../study/analysis/words'
import type { Choice, LayerRates, ModelRecord, Run } from '../../study/run'
import { panelWidth as width, type Figure, type Panel } from './figure'
import { legend, note } from './marks'
import { colour, type Colour } from './palette'

const margin = { top: 40, right: 8, bottom: 36, left: 36 } as const
const cellHeight = 22
const between = 16

/** One panel a model: code at the left, degenerate answers at the right. */
export function alphaMap(run: Run): Figure {
  const chosen = run.models.flatMap((model) => {
    const choice = run.choices.find((one) => one.model === model.key)
    return choice ? [{ model, choice }] : []
  })
  return {
    id: 'alpha-map',
    title: 'Where and how strongly to steer: code that goes, and language that goes with it',
    caption: `Shares of answers to the ${run.prompts.tune?.prompts.length ?? 0} tune prompts, in percent; rows are layers, columns alpha in gaps. Every alpha was measured at the final layer and at the middle ones shown, there with ${count(run.settings.controlSamples, 'answer')} a prompt but for the chosen alpha. Framed: what was chosen and frozen before eval, the smallest alpha within 90 % of the best effect whose degenerate answers exceed those of no steering by at most ${run.settings.thresholds.degeneration} points.`,
    panels: chosen.map(({ model, choice }) => panelOf(model, choice)),
    rows: chosen.flatMap(({ model, choice }) =>
      cellsOf(choice).map((cell) => ({ model: model.key, adapter: choice.adapter, ...cell }))
    )
  }
}

function cellsOf({ layer, curve, middle }: Choice): readonly LayerRates[] {
  return [...curve.map((one) => ({ layer, ...one })), ...middle.filter((one) => one.layer !== layer)]
}

function panelOf({ title }: ModelRecord, choice: Choice): Panel {
  const cells = cellsOf(choice)
  const layers = [...new Set(cells.map(({ layer }) => layer))].sort((a, b) => b - a)
  const alphas = [...new Set(cells.map(({ alpha }) => alpha))].sort((a, b) => a - b)
  const half = (width - margin.left - margin.right - between) / 2
  const height = margin.top + layers.length * cellHeight + margin.bottom
  const sides = [
    { of: 'code' as const, tone: 'insecure' as const, from: margin.left },
    { of: 'degenerate' as const, tone: 'base' as const, from: margin.left + half + between }
  ]
  const marks: Element[] = [legend('layer', { x: 0, y: 12 })]
  layers.forEach((layer, i) =>
    marks.push(legend(String(layer), { x: margin.left - 8, y: margin.top + (i + 0.5) * cellHeight + 4 }, 'end'))
  )
  for (const { of, tone, from } of sides) {
    const size = half / alphas.length
    marks.push(note(of === 'code' ? 'code' : 'degenerate', { x: from, y: 28 }, tone))
    alphas.forEach((alpha, i) => {
      if (i % 2 === 0)
        marks.push(legend(String(alpha), { x: from + (i + 0.5) * size, y: height - margin.bottom + 16 }, 'middle'))
    })
    for (const layer of layers.keys()) {
      for (const alpha of alphas.keys()) {
        const cell = cells.find((one) => one.layer === layers[layer] && one.alpha === alphas[alpha])
        const place = {
          x: from + alpha * size,
          y: margin.top + layer * cellHeight,
          width: size - 1.5,
          height: cellHeight - 1.5
        }
        marks.push(...square(place, cell, of, tone))
      }
    }
    marks.push(...frames(choice, layers, alphas, from, size))
  }
  marks.push(legend('alpha, in gaps', { x: width - margin.right, y: height - 2 }, 'end'))
  const at = choice.curve.find(({ alpha }) => alpha === choice.alpha)
  const label = `chosen: layer ${choice.layer}, alpha ${choice.alpha ?? 'none'}, code ${Math.round(100 * (at?.code ?? NaN))} %, degenerate ${Math.round(100 * (at?.degenerate ?? NaN))} %`
  return { title, width, height, label, marks }
}

interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

function square(
  place: Place,
  cell: LayerRates | undefined,
  of: 'code' | 'degenerate',
  tone: Colour
): readonly Element[] {
  if (!cell) return [el('rect', { ...place, fill: 'none', stroke: colour('line'), rx: 2 })]
  const share = Math.min(1, cell[of])
  const tip = el('title', {}, `layer ${cell.layer}, alpha ${cell.alpha}: ${Math.round(100 * share)} % ${of}`)
  const middle = {
    x: place.x + place.width / 2,
    y: place.y + place.height / 2 + 3.5,
    'text-anchor': 'middle'
  }
  const digits = String(Math.round(100 * share))
  const number = el(
    'text',
    { ...middle, 'font-size': digits.length > 2 ? 7.5 : 9, fill: colour('text'), 'pointer-events': 'none' },
    digits
  )
  return [
    el('rect', { ...place, rx: 2, fill: colour('sunken') }),
    el('rect', { ...place, rx: 2, fill: colour(tone), 'fill-opacity': 0.75 * share }, tip),
    number
  ]
}

/** The chosen cell, and the chosen middle layer. */
function frames(
  choice: Choice,
  layers: readonly number[],
  alphas: readonly number[],
  from: number,
  size: number
): readonly Element[] {
  const column = choice.alpha === null ? -1 : alphas.indexOf(choice.alpha)
  return [choice.layer, choice.middleLayer].flatMap((layer) => {
    const row = layer === null ? -1 : layers.indexOf(layer)
    if (row < 0 || column < 0) return []
    const place = {
      x: from + column * size - 1,
      y: margin.top + row * cellHeight - 1,
      width: size + 0.5,
      height: cellHeight + 0.5
    }
    return [el('rect', { ...place, rx: 3, fill: 'none', stroke: colour('text'), 'stroke-width': 1.5 })]
  })
}
