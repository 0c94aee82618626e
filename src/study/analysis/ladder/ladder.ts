/** Section 10 of the protocol: one question a rung, each answered by itself, from conditions that a reader can check one by one. */
import { beatsRung } from './beats'
import { contentRung, contentTags } from './content'
import { decidableRung } from './decidable'
import { causalRung, restorativeRung } from './effect'
import { controlsAmong, type Evidence, type Standing } from './evidence'
import { sourceVerdict } from './source'
import type { Ladder, LadderKind, Rung, RungName } from '../../findings'
import { directionFamilies, mapFamilies, pairingFamilies } from '../measure/families'

/** The rungs of a model's own direction and of a carried one, in their order. */
export const withinRungs: readonly RungName[] = [
  'decidable',
  'causal',
  'restorative',
  'direction-specific',
  'sign-consistent',
  'layer-specific',
  'content-specific'
]
export const pairRungs: readonly RungName[] = [
  'decidable',
  'causal',
  'restorative',
  'direction-specific',
  'map-specific',
  'pairing-specific'
]

/** Climbs it. */
export function ladderOf(evidence: Evidence): Ladder {
  const decidable = decidableRung(evidence)
  const causal = causalRung(evidence)
  const standing = { decidable: decidable.found === 'yes', causal: causal.found === 'yes' }
  const specific = beatsRung(
    { name: 'direction-specific', not: 'non-specific' },
    controlsAmong(evidence, directionFamilies),
    standing,
    evidence
  )
  const first = [decidable, causal, restorativeRung(evidence), specific]
  const rungs = [...first, ...(evidence.scope === 'pair' ? pairs(standing, evidence) : within(standing, evidence))]
  return {
    kind: kindOf(standing, specific),
    title: titleOf(rungs),
    rungs,
    source: sourceVerdict(evidence),
    tags: tagsOf(evidence)
  }
}

function within(standing: Standing, evidence: Evidence): readonly Rung[] {
  const sign = beatsRung(
    { name: 'sign-consistent', not: 'sign-free', outcomes: ['clean'] },
    controlsAmong(evidence, ['sign']),
    standing,
    evidence
  )
  const layer = beatsRung(
    { name: 'layer-specific', not: 'layer-free' },
    controlsAmong(evidence, ['wrong-layer']),
    standing,
    evidence
  )
  return [sign, layer, ...(evidence.content ? [contentRung(evidence.content, standing, evidence)] : [])]
}

function pairs(standing: Standing, evidence: Evidence): readonly Rung[] {
  return [
    beatsRung({ name: 'map-specific', not: 'map-free' }, controlsAmong(evidence, mapFamilies), standing, evidence),
    beatsRung(
      { name: 'pairing-specific', not: 'pairing-free' },
      controlsAmong(evidence, pairingFamilies),
      standing,
      evidence
    )
  ]
}

function kindOf({ decidable, causal }: Standing, specific: Rung): LadderKind {
  if (!decidable) return 'undecidable'
  if (!causal) return 'no effect'
  if (specific.found === 'yes') return 'direction-specific'
  return specific.found === 'no' ? 'non-specific' : 'unresolved'
}

/** The answers in a row: "undecidable, causal, destructive", "causal, restorative, direction-specific". */
function titleOf(rungs: readonly Rung[]): string {
  const [decidable] = rungs
  const isOpen = decidable?.found !== 'yes'
  const told = rungs.filter(({ found, word, name }) => {
    if (name === 'decidable') return found !== 'yes'
    return found !== 'not asked' && word !== 'undecidable' && !(isOpen && found === 'unresolved')
  })
  return told.map(({ found, word, name }) => (found === 'unresolved' ? `${name} unresolved` : word)).join(', ')
}

function tagsOf({ scope, content }: Evidence): readonly string[] {
  const seed = scope === 'seed' ? ['another seed: random and orthogonal controls only'] : []
  return [...seed, ...(content ? contentTags(content) : [])]
}
