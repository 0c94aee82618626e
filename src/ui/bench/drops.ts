/** What a thing of the bench can be dropped as. Each drop is a pick that the panel has as well. */
import type { Capture } from '../../state/capture/capture'
import { nearestLayer, titleOf, type DirectionSet } from '../../state/directions/fits.svelte'
import type { Held } from '../../state/bench/hand.svelte'
import type { Lab } from '../../state/lab.svelte'
import type { View } from '../../state/link'
import type { Model } from '../../state/models/models.svelte'
import type { PromptSet } from '../../state/prompts/prompt-set'
import type { Role } from '../../state/transfer/sides.svelte'
import { savedName } from '../directions/methods'

/** One place to drop a thing on. */
export interface Drop {
  /** What then happens: a verb first. */
  readonly label: string
  readonly act: () => void
}

/** The drops that the view in sight has for a thing; none where it cannot be used there now. */
export function dropsFor(lab: Lab, held: Held): readonly Drop[] {
  if (held.kind === 'model') return modelDrops(lab, held.model)
  if (held.kind === 'direction') return directionDrops(lab, held.set)
  return held.kind === 'capture' ? captureDrops(lab, held.capture) : promptDrops(lab, held.set)
}

/** What the views that work with the model in use do with it. */
const modelVerbs: Partial<Record<View, string>> = {
  models: 'Show',
  capture: 'Read hidden states of',
  directions: 'Fit directions on',
  steer: 'Steer'
}

function modelDrops(lab: Lab, model: Model): readonly Drop[] {
  const verb = modelVerbs[lab.address.view]
  if (verb) return [{ label: `${verb} ${model.name}`, act: () => lab.models.choose(model) }]
  const { sides, isRunning } = lab.transfer
  if (lab.address.view !== 'transfer' || isRunning || !sides.open.includes(model)) return []
  const put = (role: Role, other: Role): void => {
    // The model of the other end changes places, rather than standing at both.
    if (sides.model(other) === model) sides.swap()
    else sides.choose(role, model)
  }
  return [
    { label: `Carry a direction from ${model.name} (donor)`, act: () => put('donor', 'receiver') },
    { label: `Carry a direction to ${model.name} (receiver)`, act: () => put('receiver', 'donor') }
  ]
}

function directionDrops({ address: { view }, fits, saved }: Lab, set: DirectionSet): readonly Drop[] {
  const choose = (): void => fits.choose(set)
  if (view === 'steer') return [{ label: `Steer along ${titleOf(set)}`, act: choose }]
  if (view !== 'directions') return []
  const layer = nearestLayer(set, fits.layer)
  return [
    { label: `Show ${titleOf(set)}`, act: choose },
    {
      label: `Save layer ${layer} of it, to compare and to combine`,
      act: () => saved.save(set, layer, savedName(set, layer))
    }
  ]
}

function captureDrops(lab: Lab, capture: Capture): readonly Drop[] {
  const { captures, sets } = lab
  if (lab.address.view === 'capture')
    return [{ label: `Show ${capture.name} in the figures`, act: () => captures.show(capture) }]
  const read = sets.all.find((set) => set.name === capture.set?.name && set.prompts.length === capture.texts.length)
  return lab.address.view === 'directions' && read ? sideDrops(lab, read) : []
}

function promptDrops(lab: Lab, set: PromptSet): readonly Drop[] {
  const { captures, sets, address } = lab
  const { view } = address
  if (view === 'capture') return [{ label: `Capture ${set.name} next`, act: () => (captures.setId = set.id) }]
  if (view === 'prompts') return [{ label: `Edit ${set.name}`, act: () => sets.choose(set.id) }, ...sideDrops(lab, set)]
  return view === 'directions' ? sideDrops(lab, set) : []
}

/** A set as a side of the contrast of two lists. */
function sideDrops({ sets, contrast, fits }: Lab, set: PromptSet): readonly Drop[] {
  if (sets.isSide(set) || sets.sideProblem(set) || fits.status.kind === 'running') return []
  return (['positive', 'negative'] as const).map((role) => ({
    label: `Make ${set.name} the ${role} side of the contrast`,
    act: () => {
      contrast.kind = 'lists'
      sets.useAs(role, set)
    }
  }))
}
