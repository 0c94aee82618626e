/** `isolated`: the page has threads. `reloading`: it is about to start again, with them. */
export type Isolation = 'isolated' | 'reloading' | 'unavailable'

const reloadedKey = 'azimuth-reloaded-for-isolation'
/** How long the page waits for its service worker before it starts without threads, in milliseconds. */
const patience = 15_000

/**
 * Gives the page threads on hosts that cannot set headers: registers the service worker, which adds
 * them, and reloads once. Call before mounting, and do not mount on `reloading`. In a dev build it only looks.
 */
export async function ensureIsolation(): Promise<Isolation> {
  const registered = registerServiceWorker()
  if (crossOriginIsolated) {
    sessionStorage.removeItem(reloadedKey)
    return 'isolated'
  }
  if (sessionStorage.getItem(reloadedKey) !== null || !(await isControlled(registered))) return 'unavailable'
  sessionStorage.setItem(reloadedKey, 'yes')
  location.reload()
  return 'reloading'
}

/** Stores all of the page, the large runtime files too, so that it works without a network; false where it cannot. */
export async function keepForOffline(): Promise<boolean> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return false
  const { active } = await navigator.serviceWorker.ready
  if (!active) return false
  const { port1, port2 } = new MessageChannel()
  const answer = new Promise<boolean>((resolve) => {
    port1.onmessage = (event) => resolve(event.data === true)
  })
  active.postMessage('keep-all', [port2])
  return answer
}

/** Null where there can be none: an insecure origin, a private window, a dev build, a failed download. */
async function registerServiceWorker(): Promise<ServiceWorkerRegistration | null> {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return null
  const script = new URL('service-worker.js', document.baseURI)
  try {
    return await navigator.serviceWorker.register(script, { updateViaCache: 'none' })
  } catch {
    return null
  }
}

/** Waits until a service worker answers for this page. */
async function isControlled(registered: Promise<ServiceWorkerRegistration | null>): Promise<boolean> {
  if (!(await registered)) return false
  if (navigator.serviceWorker.controller) return true
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), patience)
    navigator.serviceWorker.addEventListener('controllerchange', () => (clearTimeout(timer), resolve(true)), {
      once: true
    })
  })
}
