/** The page on the fake lab: `?delay=30` milliseconds a token, `?layers=30`, `?device=webgpu`, `?planted` for models with a habit. Not in the built site. */
import { mount } from 'svelte'
import '../../src/app.css'
import App from '../../src/App.svelte'
import { connectMath } from '../../src/lab/connect-math'
import { fakeModel, fakeStorage } from '../fake-lab'
import { plantedModel } from '../planted-lab'

const asked = new URLSearchParams(location.search)
const delay = Number(asked.get('delay') ?? 20)
const layers = Number(asked.get('layers') ?? 30)
const fake = asked.has('planted') ? plantedModel : fakeModel
const device = asked.get('device') === 'webgpu' ? 'webgpu' : 'wasm'

const kept = ['smollm2-135m-instruct', 'Llama-3.2-1B-Instruct-ONNX'].map((name, i) => ({
  id: `hub:owner/${name}@0123456789abcdef`,
  name,
  source: { kind: 'hub' as const, repo: `owner/${name}` },
  opened: new Date(Date.now() - i * 86_400_000).toISOString(),
  bytes: 98e6 * (1 + 12 * i),
  files: [{ path: 'onnx/model_q4.onnx', size: 98e6 }],
  partial: i === 1,
  adapter: false
}))
const target = document.getElementById('app')
if (!target) throw new Error('fake.html has no #app')
mount(App, {
  target,
  props: {
    outside: {
      connect: () => fake({ delay, layers, info: { device } }),
      storage: fakeStorage(kept),
      math: connectMath()
    }
  }
})
