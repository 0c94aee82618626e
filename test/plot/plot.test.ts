import { describe, expect, it } from 'vitest'
import { lists } from '../../src/direction/contrast'
import { extract } from '../../src/direction/extract'
import { separation } from '../../src/direction/separation'
import { agreementDigits, plotAgreement } from '../../src/plot/self-test'
import { layerAt, plotSeparation } from '../../src/plot/separation'
import { layerRows, toCsv } from '../../src/plot/table'
import { planted } from '../direction/planted'

const contrast = lists(planted(12, 2, 1, { layers: 8 }), planted(12, -2, 2, { layers: 8 }))
const result = separation(contrast, { swaps: 20 })

describe('plotSeparation', () => {
  const plot = plotSeparation(result, { width: 400, height: 200 })

  it('keeps everything inside the frame', () => {
    const numbers =
      Object.values(plot.paths)
        .join(' ')
        .match(/-?\d+(\.\d+)?/g) ?? []
    expect(numbers.length).toBeGreaterThan(32)
    for (const value of numbers.map(Number)) {
      expect(value).toBeGreaterThanOrEqual(28)
      expect(value).toBeLessThanOrEqual(388)
    }
  })

  it('has a point a layer, left to right, that a click finds again', () => {
    expect(plot.points.map(({ layer }) => layer)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    for (const { layer, x } of plot.points) expect(layerAt(plot, x + 5)).toBe(layer)
  })

  it('draws no null where none was made, and all else as before', () => {
    const bare = plotSeparation(separation(contrast, { swaps: 0 }), { width: 400, height: 200 })
    expect(bare.paths).toMatchObject({ nullMean: '', nullBand: '' })
    expect(bare.nullLabel).toBeNull()
    expect(bare.paths.accuracy).toMatch(/^M[\d.,L]+$/)
    expect(bare.points.map(({ x }) => x)).toEqual(plot.points.map(({ x }) => x))
  })

  it('shows fewer layer numbers where there is less room', () => {
    expect(plotSeparation(result, { width: 150, height: 200 }).xTicks.map(({ label }) => label)).toEqual(['0', '5'])
  })
})

describe('the table behind the figure', () => {
  it('is written as CSV with the names of the columns', async () => {
    const csv = toCsv(layerRows(result, await extract(contrast)))
    const [head, ...lines] = csv.trimEnd().split('\r\n')
    expect(head?.replaceAll('"', '')).toBe(
      'layer,accuracy,low,high,auroc,heldOutGap,cohenD,withoutMassive,nullMean,null95,p,gap,relativeGap'
    )
    expect(lines).toHaveLength(8)
    expect(lines[0]?.split(',').every((cell) => Number.isFinite(Number(cell)))).toBe(true)
  })
})

describe('plotAgreement', () => {
  it('counts nines, and takes NaN for none', () => {
    expect(agreementDigits(0.999)).toBeCloseTo(3, 9)
    expect([agreementDigits(1), agreementDigits(Number.NaN), agreementDigits(-0.5)]).toEqual([7, 0, 0])
  })

  it('marks layers below the threshold', () => {
    expect(plotAgreement([0.9999, 0.94, Number.NaN], 0.999).map(({ passed }) => passed)).toEqual([true, false, false])
  })
})
