import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { connectModel } from './lab/connect'
import { connectMath } from './lab/connect-math'
import { connectStorage } from './lab/connect-storage'
import { ensureIsolation, keepForOffline } from './lab/isolation'
import { fetchPromptSet } from './lab/shipped'
import type { Outside } from './state/lab.svelte'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
// Where the host sends no headers, the page starts a second time, with threads.
if ((await ensureIsolation()) !== 'reloading') {
  const outside: Outside = {
    connect: () => connectModel(),
    storage: connectStorage(),
    math: connectMath(),
    promptSet: (set) => fetchPromptSet(document.baseURI, set)
  }
  mount(App, { target, props: { outside } })
  void keepForOffline()
}
