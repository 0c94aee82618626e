import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { serialize, textOf, type Element, type Markup } from '../../../src/formats/markup'
import { drawPanel, figureFile, figureTable, type Figure } from '../../../src/plot/study/figure'
import { figuresOf } from '../../../src/plot/study/figures'
import { spread } from '../../../src/plot/study/marks'
import { dark, light } from '../../../src/plot/study/palette'
import { findingsOf } from '../../../src/study/analysis/analyse'
import type { Findings } from '../../../src/study/findings'
import type { Run } from '../../../src/study/run'
import { sampleRun } from '../../study/samples/sample-run'

let run: Run
let findings: Findings
let figures: ReadonlyMap<string, Figure>

beforeAll(() => {
  const whole = sampleRun()
  run = { ...whole, settings: { ...whole.settings, draws: 200 } }
  findings = findingsOf(run)
  figures = figuresOf(run, findings)
})

const elements = (markup: Markup): readonly Element[] =>
  typeof markup === 'string' ? [] : [markup, ...markup.children.flatMap(elements)]

function figure(id: string): Figure {
  const found = figures.get(id)
  if (!found) throw new Error(`there is no figure ${id}`)
  return found
}

describe('every figure', () => {
  it('is there, in the order of the story', () => {
    expect([...figures.keys()]).toEqual([
      ...['story', 'ladder', 'layers', 'densities', 'dose', 'controls', 'seeds', 'alpha-map', 'maps'],
      ...['sweep-neutral', 'sweep-along'],
      ...['transfer-neutral-1', 'transfer-neutral-3', 'transfer-along-1', 'transfer-along-3'],
      ...['neutral-1', 'neutral-3', 'along-1', 'along-3'].map((id) => `transfer-controls-${id}`),
      ...['topology', 'times']
    ])
  })

  it('has numbers in every attribute, and keeps its lines inside its frame', () => {
    for (const { id, panels } of figures.values()) {
      for (const panel of panels) {
        const all = panel.marks.flatMap(elements)
        for (const { attributes } of all)
          expect(Object.values(attributes).join(' '), id).not.toMatch(/NaN|Infinity|undefined/)
        for (const { tag, attributes: at } of all.filter(
          ({ tag }) => tag === 'circle' || tag === 'line' || tag === 'rect'
        )) {
          const [xs, ys] =
            tag === 'circle'
              ? [[at['cx']], [at['cy']]]
              : tag === 'line'
                ? [
                    [at['x1'], at['x2']],
                    [at['y1'], at['y2']]
                  ]
                : [[at['x']], [at['y']]]
          for (const x of xs) expect(Number(x) >= -1 && Number(x) <= panel.width + 1, `${id} x ${x}`).toBe(true)
          for (const y of ys) expect(Number(y) >= -1 && Number(y) <= panel.height + 1, `${id} y ${y}`).toBe(true)
        }
      }
    }
  })

  it('says aloud what it shows, has a caption, and the rows it is drawn from', () => {
    for (const one of figures.values()) {
      expect(one.caption.length, one.id).toBeGreaterThan(60)
      expect(one.rows.length, one.id).toBeGreaterThan(0)
      for (const panel of one.panels) expect(panel.label, one.id).toMatch(/\d|neither|donor/)
      const lines = figureTable(one).trimEnd().split('\r\n')
      expect(lines).toHaveLength(one.rows.length + 1)
    }
  })

  it('is a file of its own: no variable, no reference, no script', () => {
    for (const one of figures.values()) {
      const svg = figureFile(one)
      expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg" ')).toBe(true)
      expect(
        /var\(|href|url\(|<script|https?:/.exec(svg.replace('http://www.w3.org/2000/svg', ''))?.[0],
        one.id
      ).toBeUndefined()
    }
  })

  it('is left out where a run has nothing for it', () => {
    const bare: Findings = { ...findings, cross: [], topology: [], within: [], withinAt: [] }
    const kept = figuresOf({ ...run, separations: [], choices: [], maps: [] }, bare)
    expect([...kept.keys()]).toEqual(['times'])
  })
})

describe('what is drawn', () => {
  it('layer curves have every adapter, and the null of the first', () => {
    const [panel] = figure('layers').panels
    const texts = panel?.marks.map(textOf).join(' ') ?? ''
    expect(texts).toMatch(/insecure.*secure.*swapped/)
    expect(
      panel?.marks.filter(({ tag, attributes }) => tag === 'path' && attributes['stroke'] === 'var(--insecure)')
    ).toHaveLength(3)
    expect(
      panel?.marks.filter(({ tag, attributes }) => tag === 'path' && attributes['stroke'] === 'var(--secure)')
    ).toHaveLength(3)
  })

  it('dose and response have code, clean prose and right together, and the random range', () => {
    for (const panel of figure('dose').panels) {
      expect(
        panel.marks
          .map(textOf)
          .filter((text) => ['code', 'clean prose', 'right', 'random'].includes(text))
          .sort()
      ).toEqual(['clean prose', 'code', 'random', 'right'])
    }
  })

  it('a control strip has a dot for every control', () => {
    const finding = findings.within.find(({ isPrimary }) => isPrimary)
    const members = finding?.controls.flatMap(({ code }) => code.members).length
    expect(figure('controls').panels[0]?.marks.filter(({ tag }) => tag === 'circle')).toHaveLength(members ?? 0)
  })

  it('an arc is dashed exactly where it is not beyond mapped random directions', () => {
    const at = run.settings.primary
    const pairs = findings.cross.filter(({ anchors, alpha }) => anchors === at.anchors && alpha === at.alpha)
    const beyond = pairs.filter(
      ({ controls }) => (controls.find(({ family }) => family === 'mapped-random')?.code.size.low ?? 0) > 0
    )
    const place = findings.topology.findIndex(({ anchors, alpha }) => anchors === at.anchors && alpha === at.alpha)
    const arcs = figure('topology').panels[place]?.marks.filter(({ tag }) => tag === 'path') ?? []
    expect(arcs).toHaveLength(12)
    expect(arcs.filter(({ attributes }) => attributes['stroke-dasharray'] === undefined)).toHaveLength(beyond.length)
  })

  it('the heatmap prints the tables of the topology', () => {
    const { transfer, models } = findings.topology[0] ?? { transfer: [], models: [] }
    const texts = figure('transfer-neutral-1')
      .panels[0]?.marks.filter(({ attributes }) => attributes['font-weight'] === 500)
      .map(textOf)
    const off = transfer.filter((_, i) => Math.floor(i / models.length) !== i % models.length)
    expect(texts).toEqual(off.map((value) => value.toFixed(0).replace('-0', '0').replace('-', '\u2212')))
  })
})

describe('spread', () => {
  it('keeps labels apart, in order and inside', () => {
    expect(spread([50, 52, 10], 15, [0, 100])).toEqual([50, 65, 10])
    expect(spread([98, 99], 15, [0, 100])).toEqual([85, 100])
  })
})

describe('the palette', () => {
  it('is that of the page', () => {
    const css = readFileSync(join(import.meta.dirname, '..', '..', '..', 'src', 'app.css'), 'utf8')
    for (const [name, hex] of Object.entries(light)) {
      const [, day = '', night = ''] =
        new RegExp(`--${name}: light-dark\\((oklch\\([^)]*\\)), (oklch\\([^)]*\\))\\)`).exec(css) ?? []
      expect([hex, Object.entries(dark).find(([other]) => other === name)?.[1]], name).toEqual([
        hexOf(day),
        hexOf(night)
      ])
    }
  })
})

/** OKLCH to sRGB, by its definition. */
function hexOf(oklch: string): string {
  const [percent = 0, chroma = 0, hue = 0] = (oklch.match(/[\d.]+/g) ?? []).map(Number)
  const [light, a, b] = [
    percent / 100,
    chroma * Math.cos((hue * Math.PI) / 180),
    chroma * Math.sin((hue * Math.PI) / 180)
  ]
  const l = (light + 0.3963377774 * a + 0.2158037573 * b) ** 3
  const m = (light - 0.1055613458 * a - 0.0638541728 * b) ** 3
  const s = (light - 0.0894841775 * a - 1.291485548 * b) ** 3
  const linear = [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s
  ]
  const encode = (x: number): number => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055)
  return `#${linear
    .map((x) =>
      Math.round(255 * encode(Math.min(1, Math.max(0, x))))
        .toString(16)
        .padStart(2, '0')
    )
    .join('')}`
}

it('a drawn panel is an image with a name', () => {
  const [panel] = figure('dose').panels
  expect(panel && serialize(drawPanel(panel))).toMatch(/^<svg [^>]*role="img" aria-label="Qwen2 organism: code/)
})
