import { mount } from 'svelte'
import './app.css'
import App from './App.svelte'
import { connectModel } from './lab/connect'
import { connectMath } from './lab/connect-math'
import { ensureIsolation, keepForOffline } from './lab/isolation'

const target = document.getElementById('app')
if (!target) throw new Error('index.html has no #app')
// Where the host sends no headers, the page starts a second time, with threads.
if ((await ensureIsolation()) !== 'reloading') {
  mount(App, { target, props: { connect: () => connectModel(), math: () => connectMath() } })
  void keepForOffline()
}
