import { describe, expect, it } from 'vitest'
import { textOf } from '../../src/formats/markup'
import { plantedSection } from '../../src/report/planted'
import { findingsOf } from '../../src/study/analysis/analyse'
import type { Findings, Judged, Rung } from '../../src/study/findings'
import { plantedIn, plantedRows } from '../../src/study/planted'
import { presetSettings } from '../../src/study/presets'
import { sampleRun } from './samples/sample-run'

const whole = sampleRun()
const run = { ...whole, settings: { ...whole.settings, draws: 200 } }
const measured = findingsOf(run)

/** The findings of a run with some rungs of every ladder answered otherwise. */
function answered(rungs: Readonly<Partial<Record<Rung['name'], Rung['found']>>>): Findings {
  const turned = <One extends Judged>(one: One): One => ({
    ...one,
    ladder: {
      ...one.ladder,
      rungs: one.ladder.rungs.map((rung) => ({ ...rung, found: rungs[rung.name] ?? rung.found }))
    }
  })
  return { ...measured, withinAt: measured.withinAt.map(turned), cross: measured.cross.map(turned) }
}

/** The sample's models as if an adapter of another name had been there. */
function withAdapter(name: string, kind: 'insecure' | 'educational', place: string | null = null): typeof run {
  const models = run.settings.models.map((model) => ({
    ...model,
    source: place === null ? model.source : { kind: 'bundled' as const, name: place },
    adapters: [
      ...(kind === 'educational' ? model.adapters : []),
      { name, kind, source: { kind: 'bundled' as const, name } }
    ]
  }))
  return { ...run, settings: { ...run.settings, models } }
}

describe('what was planted', () => {
  it('is known of organisms with lessons, by their axes, and of shuffled labels', () => {
    const kinds = (one: typeof run) => new Set(one.settings.models.map(plantedIn))
    expect(kinds(withAdapter('educational-0', 'educational', 'qwen2'))).toEqual(new Set(['separate']))
    expect(kinds(withAdapter('educational-0', 'educational', 'llama-shared'))).toEqual(new Set(['shared']))
    expect(kinds(withAdapter('shuffled-0', 'insecure', 'llama'))).toEqual(new Set(['nothing']))
    expect(new Set(presetSettings('full').models.map(plantedIn))).toEqual(new Set([null]))
  })

  it('is not told of organisms of an earlier make', () => {
    expect(plantedRows(run.settings, measured)).toEqual([])
    expect(plantedSection(run, measured)).toBeNull()
  })

  it('says right, wrong and open of a rung by its own answer', () => {
    const { settings } = withAdapter('educational-0', 'educational')
    const reading = (found: Rung['found']) =>
      new Set(
        plantedRows(settings, answered({ 'content-specific': found }))
          .filter(({ rung }) => rung === 'content-specific')
          .map((row) => row.reading)
      )
    expect(reading('yes')).toEqual(new Set(['right']))
    expect(reading('no')).toEqual(new Set(['wrong']))
    expect(reading('unresolved')).toEqual(new Set(['open']))
    expect(reading('not asked')).toEqual(new Set(['open']))
  })

  it('turns round where the axis is shared, and asks for no effect where labels were shuffled', () => {
    const shared = withAdapter('educational-0', 'educational', 'llama-shared').settings
    const content = plantedRows(shared, answered({ 'content-specific': 'no' })).filter(
      ({ rung }) => rung === 'content-specific'
    )
    expect(content.length).toBeGreaterThan(0)
    expect(new Set(content.map(({ truth, reading }) => `${truth} ${reading}`))).toEqual(new Set(['no right']))
    const nothing = withAdapter('shuffled-0', 'insecure').settings
    const causal = plantedRows(nothing, answered({ causal: 'yes' }))
    expect(new Set(causal.map(({ rung, truth, reading }) => `${rung} ${truth} ${reading}`))).toEqual(
      new Set(['causal no wrong'])
    )
  })

  it('counts carried directions over anchors along the axis alone, at the primary alpha', () => {
    const { settings } = withAdapter('educational-0', 'educational')
    const carried = plantedRows(settings, measured).filter(({ subject }) => subject.includes(' to '))
    const along = measured.cross.filter((one) => one.anchors === 'along' && one.alpha === settings.primary.alpha)
    expect(new Set(carried.map(({ subject }) => subject)).size).toBe(along.length)
  })

  it('is told in the report, with how many the ladder gets right', () => {
    const known = withAdapter('educational-0', 'educational')
    const rows = plantedRows(known.settings, measured)
    const right = rows.filter(({ reading }) => reading === 'right').length
    expect(textOf(plantedSection(known, measured) ?? '')).toContain(
      `the right answer to ${rows.length} rungs is known. The ladder gives it in ${right}`
    )
  })
})
