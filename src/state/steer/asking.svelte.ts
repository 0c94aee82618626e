import type { Direction } from '../../direction/direction'
import type { PromptSet } from '../../lab/prompt-sets'
import type { Address } from '../address.svelte'
import { askedArms, randomBeside } from './arms'
import {
  askedQuestion,
  describeDifferences,
  differences,
  madeOn,
  type Circumstances
} from '../../lab/live/circumstances'
import type { AskedArm, NamedSteering } from './asked'
import type { Chat } from './chat.svelte'
import type { Answer, Arm } from './comparison'
import type { Fits } from '../directions/fits.svelte'
import { titleOf, type DirectionSet } from '../directions/fits.svelte'
import type { InUse } from '../directions/in-use.svelte'
import type { Models } from '../models/models.svelte'
import type { SteeringControls } from './steering.svelte'

/** What a question meets. */
interface Surroundings {
  readonly models: Models
  readonly fits: Fits
  readonly inUse: InUse
  readonly controls: SteeringControls
  readonly chat: Chat
  readonly address: Address
  /** The user's turns of a set that comes with the page. */
  readonly questions: (set: PromptSet) => Promise<readonly string[]>
}

/** The question to the model in use: under which directions, and in which columns. */
export class Asking {
  readonly #around: Surroundings

  /** What the controls ask for; null without a fit. */
  readonly steering: NamedSteering | null = $derived.by(() => {
    const { controls, fits, inUse } = this.#around
    return inUse.fit ? controls.toSteering(named(inUse.fit), fits.layer) : null
  })

  readonly #random: readonly Direction[] = $derived.by(() => {
    const { controls, inUse } = this.#around
    return inUse.fit ? randomBeside(inUse.fit, controls.controlSeed) : []
  })

  /** What every column is asked, and how tokens are drawn. */
  readonly #asked = $derived.by((): Pick<Circumstances, 'prompt' | 'sampling'> => {
    const { chat } = this.#around
    return { prompt: askedQuestion(chat.question, chat.form), sampling: chat.sampling }
  })

  /** The columns that the controls ask for; none without a fit. */
  readonly arms: readonly AskedArm[] = $derived.by(() => {
    const { steering } = this
    const { models, fits, inUse, controls, chat } = this.#around
    const model = models.active?.info
    if (!steering || !model) return []
    const { used, scale = 1 } = models.adapters ?? { used: null }
    const adapter = used && { name: used.name, scale }
    const { controlSeed } = controls
    const random = { name: inUse.fit ? titleOf(inUse.fit) : '', directions: this.#random }
    const along = controls.toSteering(random, fits.layer, controlSeed)
    const asked = this.#asked
    return askedArms(chat.arms, { model, adapter, steering, random: along, controlSeed, asked })
  })

  constructor(around: Surroundings) {
    this.#around = around
  }

  /** How an answer was made otherwise than it would be now, in one sentence; null where it was not, or is not finished. */
  outdated({ arm, made, finish }: Answer): string | null {
    const last = made.at(-1)
    if (!last || finish === null) return null
    return describeDifferences(differences(last.circumstances, this.#now(arm)))
  }

  #now(arm: Arm): Circumstances | null {
    const info = this.#around.models.active?.info
    if (!info) return null
    const asked = this.arms.find((one) => one.arm === arm)
    if (asked) return asked.made
    const model = arm === 'bare' ? { ...madeOn(info), adapter: null } : madeOn(info)
    return { model, steering: null, ...this.#asked }
  }

  /** Puts the next of the held-out questions that the organisms can answer. @throws LabError `network`, `format` */
  async next(): Promise<void> {
    const { chat, questions } = this.#around
    const list = await questions('eval')
    chat.question = list[(list.indexOf(chat.question) + 1) % list.length] ?? chat.question
  }

  /** Puts the question to every column. Does nothing while there is none, or while it is being answered. */
  async put(): Promise<void> {
    const { models, fits, inUse, chat, address } = this.#around
    const { active, chosen } = models
    const { arms } = this
    const { fit: directions } = inUse
    if (!active || !chosen || !directions || arms.length === 0 || chat.running) return
    const { temperature, topP, seed, controlSeed, maxTokens, form } = address.settings
    const { live, info: model } = active
    const setting = { model, directions, layer: fits.layer, temperature, topP, seed, controlSeed, maxTokens, form }
    const { question } = chat
    const adapter = chosen.adapters.choice
    await chat.ask({ live, adapter, question, arms, setting, link: address.link })
  }
}

function named(set: DirectionSet): { readonly name: string; readonly directions: readonly Direction[] } {
  return { name: titleOf(set), directions: set.directions }
}
