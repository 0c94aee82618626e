/** Telling a reader who is elsewhere. */

/** Whether the reader can still be asked. */
export function canAsk(): boolean {
  return 'Notification' in window && Notification.permission === 'default'
}

/** Asks the reader; call on a press only. Resolves to whether it is allowed. */
export async function askToNotify(): Promise<boolean> {
  return 'Notification' in window && (await Notification.requestPermission()) === 'granted'
}

/** Tells it outside the page, where that is allowed and the page is not seen. */
export function notify(text: string): void {
  if (!('Notification' in window) || Notification.permission !== 'granted' || document.visibilityState === 'visible')
    return
  try {
    new Notification('Azimuth', { body: text, icon: new URL('icon.svg', document.baseURI).href })
  } catch {
    // Some phones allow notifications from a service worker only; the tab's title tells it, too.
  }
}
