import { assertFits } from '../../direction/direction'
import { unpackDirections, type UnpackedDirections } from '../../direction/files/packed'
import { LabError } from '../../errors'
import type { ModelInfo } from '../../lab/api'
import type { Fits } from '../directions/fits.svelte'
import type { Imported } from '../directions/imported'
import type { Settings } from '../link'
import { textsProblem, type LinkPart } from '../link-texts'
import type { Models } from '../models/models.svelte'

const partWords: Readonly<Record<LinkPart, string>> = {
  question: 'the question',
  positive: 'the positive list',
  negative: 'the negative list',
  direction: 'the direction'
}

/** A direction that came in a link as its numbers, and what the reader should know of the link. */
export class LinkedDirection {
  #vector = $state.raw<UnpackedDirections | null>(null)
  #notices = $state.raw<readonly string[]>([])

  /** What the link left out, lost on its way or rounded; one sentence each. */
  get notices(): readonly string[] {
    return this.#notices
  }

  dismiss(): void {
    this.#notices = []
  }

  say(sentence: string): void {
    this.#notices = [...this.#notices, sentence]
  }

  /** Reads what a link holds beside its settings. */
  follow({ vector, left }: Settings, hash: string): void {
    const notices: string[] = []
    const problem = textsProblem(hash)
    if (problem) notices.push(`Some texts of this link could not be read: ${problem.message}.`)
    if (left.length > 0) notices.push(leftOut(left))
    this.#vector = null
    try {
      this.#vector = vector === null ? null : unpackDirections(vector)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      notices.push(`The direction of this link could not be read: ${reason}.`)
    }
    this.#notices = notices
  }

  /**
   * Puts the direction of the link on the bench, once the open model is the one that it is of.
   * @returns whether the link has one, so that none has to be fitted
   */
  bring({ models, fits }: { readonly models: Models; readonly fits: Fits }): boolean {
    const { active } = models
    const found = this.#vector
    if (!active || !found) return false
    try {
      assertAllFit(found, active.info)
      fits.addImported(setOf(found), active.info)
      this.#vector = null
      if (found.cosine < 1) this.say(roundedSentence(found))
    } catch (error) {
      if (!(error instanceof LabError)) throw error
      const sentence = `The direction of the link was not put in use: ${error.message}.`
      if (!this.#notices.includes(sentence)) this.say(sentence)
    }
    return true
  }
}

/** What a link has no room for, and the way out. */
export function leftOut(left: readonly LinkPart[]): string {
  const words = left.map((part) => partWords[part])
  const all = words.length > 1 ? `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}` : words.join()
  return `This link leaves out ${all}, too long for an address: the session file (.azimuth) holds all of it.`
}

function assertAllFit({ directions }: UnpackedDirections, model: ModelInfo): void {
  for (const direction of directions) assertFits(direction, { model, width: model.width, layer: direction.layer })
}

function roundedSentence({ name, cosine }: UnpackedDirections): string {
  const digits = Math.max(0, 1 - cosine).toExponential(0)
  return `The link holds \u201c${name}\u201d in half precision: its cosine to the sender's direction is 1 within ${digits}.`
}

function setOf({ directions, name, modelName, positiveName, negativeName }: UnpackedDirections): Imported {
  const [first] = directions
  if (!first) throw new LabError('format', 'the link holds no direction: copy it whole')
  const model = { ...first.model, name: modelName }
  return {
    ...{ kind: 'imported', source: 'link', name, model, positiveName, negativeName, directions },
    separation: null,
    notes: []
  }
}
