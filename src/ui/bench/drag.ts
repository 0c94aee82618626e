/** Dragging from the bench, as attachments of the elements that take part. */
import type { Attachment } from 'svelte/attachments'
import { on } from 'svelte/events'
import type { Hand, Held } from '../../state/bench/hand.svelte'
import type { Drop } from './drops'

/** Of the browser's drag: other pages and programs make nothing of it. */
const type = 'application/x-azimuth'
/** Milliseconds over a step of the work until its panel opens. */
const dwell = 500

/** Lets an element be dragged, as the thing it stands for. */
export function draggable(hand: Hand, held: () => Held): Attachment<HTMLElement> {
  return (element) => {
    element.draggable = true
    const start = (event: DragEvent): void => {
      // Of nested things the inner one is meant.
      event.stopPropagation()
      if (!event.dataTransfer) return
      event.dataTransfer.setData(type, held().kind)
      event.dataTransfer.effectAllowed = 'copy'
      // Chromium ends a drag at once where the page changes under the pointer while it begins.
      setTimeout(() => hand.take(held()))
    }
    return all([on(element, 'dragstart', start), on(element, 'dragend', () => hand.empty())])
  }
}

/** Lets what is held be dropped on an element, which says with `data-over` that it would take it. */
export function dropTarget(hand: Hand, { act }: Drop): Attachment<HTMLElement> {
  return (element) => {
    const isOver = (over: boolean): void => void element.toggleAttribute('data-over', over)
    const over = (event: DragEvent): void => {
      if (!hand.held) return
      event.preventDefault()
      isOver(true)
    }
    const drop = (event: DragEvent): void => {
      if (!hand.held) return
      event.preventDefault()
      hand.empty()
      act()
    }
    return all([
      on(element, 'dragover', over),
      on(element, 'dragleave', () => isOver(false)),
      on(element, 'drop', drop)
    ])
  }
}

/** Calls `open` when something held rests over an element: the way to a panel that is not in sight. */
export function opensUnder(hand: Hand, open: () => void): Attachment<HTMLElement> {
  return (element) => {
    let timer: ReturnType<typeof setTimeout> | undefined
    const enter = (): void => {
      clearTimeout(timer)
      if (hand.held) timer = setTimeout(open, dwell)
    }
    const leave = (): void => clearTimeout(timer)
    return all([on(element, 'dragenter', enter), on(element, 'dragleave', leave), on(element, 'drop', leave), leave])
  }
}

function all(ends: readonly (() => void)[]): () => void {
  return () => ends.forEach((end) => end())
}
