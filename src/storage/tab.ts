/** Which session a tab has, so that a reload finds its own again and two tabs never share one. */
import type { Locks } from './lock'

/** What of `sessionStorage` is used: it outlives a reload, and each tab has its own. */
export type TabStore = Pick<Storage, 'getItem' | 'setItem'>

const name = 'azimuth-session'
const lockOf = (id: string): string => `${name}:${id}`

/** The sessionStorage of this tab; null where the browser gives none. */
export function browserTab(): TabStore | null {
  try {
    return 'sessionStorage' in globalThis ? globalThis.sessionStorage : null
  } catch {
    // A browser that blocks it throws as soon as it is named.
    return null
  }
}

/** The id that this tab had before it was reloaded; null for a new tab. */
export function tabSession(store: TabStore | null): string | null {
  return store?.getItem(name) ?? null
}

/** Takes a session for this tab, for as long as the tab lives. Resolves to false where another tab has it. */
export async function claimSession(id: string, store: TabStore | null, locks: Locks): Promise<boolean> {
  const isTaken = await new Promise<boolean>((resolve) => {
    const hold = (): Promise<never> => {
      resolve(true)
      // Until the tab is gone.
      return new Promise<never>(() => undefined)
    }
    void locks.exclusively(lockOf(id), hold).then(
      () => resolve(false),
      () => resolve(false)
    )
  })
  if (isTaken) {
    try {
      store?.setItem(name, id)
    } catch {
      // Then the next reload looks for the newest session.
    }
  }
  return isTaken
}

/** Whether a tab has this session, this one or another. */
export async function isClaimed(id: string, locks: Locks): Promise<boolean> {
  return (await locks.held()).includes(lockOf(id))
}
