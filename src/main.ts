import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import Insecure from './ui/Insecure.svelte'
import { connectModel } from './lab/connect/connect'
import { connectMath } from './lab/connect/connect-math'
import { connectShelf } from './storage/connect-shelf'
import { connectStorage } from './lab/connect/connect-storage'
import { withStudyFile } from './lab/connect/connect-study-file'
import { ensureIsolation, keepForOffline } from './lab/connect/isolation'
import { browserStudies } from './storage/journal-idb'
import { browserLocks } from './storage/lock'
import { browserTab } from './storage/tab'
import { loadProtocol } from './state/study/load-protocol'
import type { Outside } from './state/outside'

/** Text that is laid out anew when its typeface comes moves all that is below it; where it does not come, the page does. */
const mostPatience = 1000
const typefaces = ['400 15px "Inter Variable"', '600 15px "Inter Variable"', '400 13px "JetBrains Mono Variable"']

async function loadTypefaces(): Promise<void> {
  const patience = new Promise((resolve) => setTimeout(resolve, mostPatience))
  await Promise.race([Promise.allSettled(typefaces.map((typeface) => document.fonts.load(typeface))), patience])
}

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
if (!isSecureContext) mount(Insecure, { target, props: { address: location.href } })
// Where the host sends no headers, the page starts a second time, with threads.
else if ((await ensureIsolation()) !== 'reloading') {
  const study = { store: browserStudies(), locks: browserLocks(), protocol: loadProtocol, withFile: withStudyFile }
  const outside: Outside = {
    connect: () => connectModel(),
    storage: connectStorage(),
    math: connectMath(),
    shelf: connectShelf(),
    tab: browserTab(),
    study
  }
  await loadTypefaces()
  mount(App, { target, props: { outside } })
  void keepForOffline()
}
