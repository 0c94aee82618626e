import { createContext } from 'svelte'
import { OwnDirections, Readings } from '../experiments/own-directions'
import { fetchPrompts, type PromptSet } from '../lab/prompt-sets'
import { memoryShelf } from '../storage/shelf'
import { Address } from './address.svelte'
import { Captures } from './capture/captures.svelte'
import { ContrastPlan } from './directions/contrast.svelte'
import { Fits } from './directions/fits.svelte'
import { InUse } from './directions/in-use.svelte'
import { SavedDirections } from './directions/saved.svelte'
import { Catalogue } from './models/catalogue.svelte'
import { ForeignHosts } from './models/foreign-hosts.svelte'
import { Models } from './models/models.svelte'
import { Opening } from './models/opening'
import { StoredModels } from './models/stored.svelte'
import type { Outside } from './outside'
import { PromptSets } from './prompts/prompt-sets.svelte'
import { Prompts } from './prompts/prompts.svelte'
import { Session } from './session/session.svelte'
import { Sharing } from './session/sharing'
import { Asking } from './steer/asking.svelte'
import { Chat } from './steer/chat.svelte'
import { FirstMinute } from './steer/first-minute.svelte'
import { SteeringControls } from './steer/steering.svelte'
import { Runs } from './study/runs.svelte'
import { StudyDraft } from './study/study-draft.svelte'
import { StudyRun } from './study/study.svelte'
import { Tour } from './tour/tour.svelte'
import { Transfer } from './transfer/transfer.svelte'

/** Everything on the page, in the order of the work: whoever needs a part takes that part. */
export class Lab {
  readonly hosts = new ForeignHosts()
  readonly catalogue = new Catalogue()
  readonly models: Models
  readonly opening: Opening
  readonly stored: StoredModels
  readonly prompts = new Prompts()
  readonly sets: PromptSets
  readonly captures: Captures
  readonly contrast: ContrastPlan
  readonly fits: Fits
  readonly inUse: InUse
  readonly saved: SavedDirections
  readonly controls = new SteeringControls()
  readonly chat = new Chat()
  readonly asking: Asking
  readonly first: FirstMinute
  readonly transfer: Transfer
  readonly draft: StudyDraft
  readonly study: StudyRun
  readonly runs: Runs
  readonly tour: Tour
  readonly address: Address
  /** What this tab has open, kept over a reload. */
  readonly session: Session
  /** What goes to others and comes from them: the link and the session file. */
  readonly sharing: Sharing
  #restored: Promise<boolean> = Promise.resolve(false)

  constructor(outside: Outside) {
    const { connect, storage, math, study, shelf, tab = null } = outside
    const { promptSet = (name) => fetchPrompts(document.baseURI, name) } = outside
    const { hosts, catalogue, prompts, controls, chat } = this
    const engine = { connect, math }
    const models = (this.models = new Models(connect))
    this.stored = new StoredModels(storage)
    const sets = (this.sets = new PromptSets(prompts, shelf))
    const captures = (this.captures = new Captures(shelf))
    const fits = (this.fits = new Fits(math))
    const saved = (this.saved = new SavedDirections(shelf))
    const questions = questionsOf(promptSet)
    const contrast = (this.contrast = new ContrastPlan({ models, catalogue, prompts, promptSet: questions }))
    const inUse = (this.inUse = new InUse({ models, fits, prompts, contrast }))

    const draft = (this.draft = new StudyDraft(engine, study.protocol, hosts))
    this.study = new StudyRun(engine, study, hosts)
    const runs = (this.runs = new Runs(engine, study.protocol, hosts))
    const kit = { math, catalogue, prompts: promptSet, owns: new OwnDirections(math), readings: new Readings() }
    const transfer = (this.transfer = new Transfer({ ...kit, models }))
    const tour = (this.tour = new Tour({ ...kit, opening: () => this.opening }))

    const address = (this.address = new Address({
      ...{ models, prompts, contrast, fits, controls, chat, captures, draft, transfer, tour, runs }
    }))
    const opening = (this.opening = new Opening({ models, catalogue, prompts, address, hosts }))
    const asking = (this.asking = new Asking({ models, fits, inUse, controls, chat, address, questions }))
    this.first = new FirstMinute({
      ...{ models, catalogue, prompts, contrast, fits, inUse, address, opening, hosts, asking, chat },
      restored: () => this.#restored
    })
    const place = { shelf: shelf ?? memoryShelf(), tab, locks: study.locks }
    const session = (this.session = new Session(
      { models, hosts, prompts, fits, history: chat.history, address },
      place
    ))
    this.sharing = new Sharing({ address, hosts, session, sets, saved, captures })
  }

  /**
   * Brings back what the browser kept. The kept contrast only where the page was reloaded or came without settings:
   * a link that names no lists means the example.
   */
  async restore({ reloaded, hash }: { readonly reloaded: boolean; readonly hash: string }): Promise<void> {
    const isLink = hash.includes('?') && !reloaded
    const restored = this.session.restore({ isLink, follows: !hash.includes('?') })
    this.#restored = restored
    const others = [this.captures.restore(), this.saved.restore()]
    await Promise.all([...others, restored.then((found) => this.sets.restore({ contrast: !isLink && !found }))])
  }

  /** Keeps at once what was just edited: the page is being left. */
  async flush(): Promise<void> {
    await Promise.all([this.sets, this.captures, this.session].map(({ keeping }) => keeping.flush()))
  }
}

/** The user's turns of the sets that come with the page. */
function questionsOf(promptSet: NonNullable<Outside['promptSet']>): (set: PromptSet) => Promise<readonly string[]> {
  return async (set) => (await promptSet(set)).flatMap(({ messages }) => messages.at(-1)?.content ?? [])
}

/** The lab, for any component below `App`. */
export const [getLab, setLab] = createContext<Lab>()
