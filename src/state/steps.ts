/** The way of the work: what is done, what can be done, what waits, and for what; and what runs now. */
import type { Captures } from './capture/captures.svelte'
import type { Chat } from './steer/chat.svelte'
import { isComing, type FirstMinute } from './steer/first-minute.svelte'
import type { Fits } from './directions/fits.svelte'
import type { InUse } from './directions/in-use.svelte'
import type { View } from './link'
import type { Models } from './models/models.svelte'
import type { Prompts } from './prompts/prompts.svelte'
import type { StudyRun } from './study/study.svelte'
import { tourSteps } from './tour/tour-text'
import type { Tour } from './tour/tour.svelte'
import type { Transfer } from './transfer/transfer.svelte'

/** A view that is a step of the work: all but the documentation. */
export type StepView = Exclude<View, 'docs'>

/** A step of the work, and what it waits for. */
export interface Step {
  readonly view: StepView
  readonly state: 'done' | 'ready' | 'waiting'
  readonly why?: string
}

/** The parts of the lab that the steps tell of. */
interface Worked {
  readonly models: Models
  readonly prompts: Prompts
  readonly captures: Captures
  readonly fits: Fits
  readonly inUse: InUse
  readonly chat: Chat
  readonly transfer: Transfer
  readonly study: StudyRun
  readonly tour: Tour
  readonly first: FirstMinute
}

/** Every step of the work, as it stands now. */
export function stepsOf({
  models,
  prompts,
  captures,
  fits,
  inUse,
  transfer,
  study,
  tour,
  first
}: Worked): readonly Step[] {
  const { active } = models
  const { fit } = inUse
  const { problem } = prompts
  const noModel = models.list.some(({ status }) => status.kind === 'open')
    ? 'waits until an open model is chosen'
    : models.opening
      ? 'waits for the model that is opening'
      : study.isBusy
        ? 'waits for a model beside those of the study'
        : 'waits for a model'
  const coming = isComing(first.now)
  const waiting = (view: StepView, why: string | null): Step => waitingStep(view, why, coming)
  return [
    { view: 'models', state: active ? 'done' : 'ready' },
    { view: 'prompts', state: problem ? 'ready' : 'done' },
    captures.list.length > 0 ? { view: 'capture', state: 'done' } : waiting('capture', active ? null : noModel),
    fit || (!active && fits.chosen)
      ? { view: 'directions', state: 'done' }
      : waiting('directions', !active ? noModel : problem && 'waits for prompts'),
    waiting('steer', !active ? noModel : fit ? null : 'waits for a direction'),
    // The first model is not enough for it: it says so before, too, and nothing below moves when that one is there.
    waitingStep('transfer', transfer.sides.open.length < 2 ? 'waits for two models' : null, false),
    { view: 'study', state: study.status.kind === 'done' ? 'done' : 'ready' },
    { view: 'tour', state: tour.done === tourSteps.length ? 'done' : 'ready' }
  ]
}

/** What runs now, for the tab's title; null when nothing does. */
export function jobOf({ models, fits, captures, transfer, tour, chat, study }: Worked): string | null {
  const { opening } = models
  if (opening?.status.kind === 'opening') return `Opening ${share(opening.status.step?.progress)}`.trim()
  if (fits.status.kind === 'running') return `Fitting ${share(fits.status.step)}`.trim()
  if (captures.reading.status.kind === 'running') return `Reading hidden states ${share(captures.reading.status.step)}`.trim()
  const step = transfer.status.kind === 'running' ? transfer.status.step.rate.progress : undefined
  if (step) return `Transfer ${share(step)}`.trim()
  if (tour.isRunning) return 'Tour'
  if (chat.running) return 'Answering'
  if (study.status.kind === 'paused') return `Study paused ${share(study.progress ?? undefined)}`.trim()
  return study.isBusy ? `Study ${share(study.progress ?? undefined)}`.trim() : null
}

/** While it comes by itself, what is waited for is not told: the panel shows it. */
function waitingStep(view: StepView, why: string | null, coming: boolean): Step {
  if (why === null) return { view, state: 'ready' }
  return { view, state: 'waiting', ...(!coming && { why }) }
}

function share(step: { readonly done: number; readonly total: number } | undefined): string {
  return step && step.total > 0 ? `${Math.floor((100 * step.done) / step.total)} %` : ''
}
