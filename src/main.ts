import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { connectModel } from './lab/connect'
import { connectMath } from './lab/connect-math'
import { connectStorage } from './lab/connect-storage'
import { ensureIsolation, keepForOffline } from './lab/isolation'
import { browserStudies } from './lab/journal-idb'
import { browserLocks } from './lab/lock'
import { connectShelf } from './lab/shelf'
import { loadProtocol } from './ui/load-protocol'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
// Where the host sends no headers, the page starts a second time, with threads.
if ((await ensureIsolation()) !== 'reloading') {
  const study = { store: browserStudies(), locks: browserLocks(), protocol: loadProtocol }
  const outside = {
    connect: () => connectModel(),
    storage: connectStorage(),
    math: connectMath(),
    shelf: connectShelf(),
    study
  }
  mount(App, { target, props: { outside } })
  void keepForOffline()
}
