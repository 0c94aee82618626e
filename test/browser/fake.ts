/** The page on the fake lab: `?delay=30` milliseconds a token, `?layers=30`, `?device=webgpu`. Not in the built site. */
import { mount } from 'svelte'
import '../../src/app.css'
import App from '../../src/App.svelte'
import { connectMath } from '../../src/lab/connect-math'
import { fakeModel } from '../fake-lab'

const asked = new URLSearchParams(location.search)
const delay = Number(asked.get('delay') ?? 20)
const layers = Number(asked.get('layers') ?? 30)
const device = asked.get('device') === 'webgpu' ? 'webgpu' : 'wasm'

const target = document.getElementById('app')
if (!target) throw new Error('fake.html has no #app')
mount(App, {
  target,
  props: { connect: () => fakeModel({ delay, layers, info: { device } }), math: () => connectMath() }
})
