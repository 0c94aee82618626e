import { findingsOf } from '../../src/study/analysis/analyse'
import { families } from '../../src/study/analysis/families'
import { counts, simulate } from './simulate'
import { specific, type Planted } from './world'
import { gaussian, seeded } from '../../src/math/random'
const controlled = families.filter((f) => specific.controls[f] !== undefined)
const alike = (delta: number): Planted['controls'] => ({ ...Object.fromEntries(controlled.map((f) => [f, delta])), sign: -5 })
const planted: Planted = { ...specific, spillover: 0.6, own: 21 }
function drawn(seed: number, sd: number): Planted {
  const g = gaussian(seeded(seed, 99)); const d = () => Math.max(-5, 21 + sd * g())
  const own = d()
  return { ...planted, own, controls: { ...Object.fromEntries(controlled.map((f) => [f, Array.from({ length: counts[f] ?? 1 }, d)])), sign: -5 } }
}
const two = () => ({ ...planted, controls: { ...alike(0), random: 5, orthogonal: 5 } })
const worlds: [string, number, number, (s: number) => Planted][] = [
  ['two', 1, 54, two], ['two', 0.8, 54, two], ['two', 0.8, 60, two], ['two', 0.5, 54, two], ['two', 0, 54, two],
  ['every', 0.8, 54, () => ({ ...planted, controls: alike(5) })], ['every', 0.5, 54, () => ({ ...planted, controls: alike(5) })], ['every', 0, 54, () => ({ ...planted, controls: alike(5) })],
  ['21 every', 0.8, 54, () => ({ ...planted, controls: alike(21) })], ['21 rms', 0.8, 54, () => ({ ...planted, controls: { ...alike(0), random: 5, orthogonal: 5, 'rms-only': 21 } })],
  ['sd8', 0.8, 54, (s) => drawn(s, 8)], ['sd8', 0.5, 54, (s) => drawn(s, 8)], ['sd15', 0.8, 54, (s) => drawn(s, 15)]]
for (const [name, common, prompts, make] of worlds) {
  const t: Record<string, number> = {}; let old = 0
  for (let seed = 0; seed < 500; seed++) {
    const v = findingsOf(simulate({ seed, models: [make(seed)], prompts, samples: 4, deciding: 8, common, draws: 400 })).within[0]!.verdict
    t[v.kind] = (t[v.kind] ?? 0) + 0.2
    if (v.kind !== 'invalid' && v.kind !== 'no effect' && v.checks.filter((c) => c.decides === 'specificity' && !c.name.startsWith('Beyond')).every((c) => c.holds)) old += 0.2
  }
  console.log(name, common, prompts, ['specific', 'non-specific', 'unresolved', 'no effect'].map((k) => (t[k] ?? 0).toFixed(1)).join(' | '), 'without', old.toFixed(1))
}
