/**
 * The page on the fake lab: `?delay=30` milliseconds a token, `?layers=30`, `?device=webgpu`, `?cell=100` milliseconds a
 * cell of the study, `?planted` for models with a habit, `?protocol` for the study itself on them, `?reveals` for answers that say what they were generated under. Not in the built site.
 */
import { mount } from 'svelte'
import '../../src/app.css'
import App from '../../src/App.svelte'
import { connectReaders } from '../../src/state/drop/readers'
import { connectMath } from '../../src/lab/connect/connect-math'
import { withStudyFile } from '../../src/lab/connect/connect-study-file'
import { browserStudies } from '../../src/storage/journal-idb'
import { browserLocks } from '../../src/storage/lock'
import { connectShelf } from '../../src/storage/connect-shelf'
import { browserTab } from '../../src/storage/tab'
import { pageProtocol } from '../../src/state/study/page-protocol'
import { findingsOf } from '../../src/study/analysis/analyse'
import { writeBundle } from '../../src/study/files/bundle'
import { fakeModel, fakeStorage } from '../fake-lab'
import { fakeProtocol } from '../fake-study'
import { plantedModel } from '../planted-lab'
import { sampleRun } from '../study/samples/sample-run'

const asked = new URLSearchParams(location.search)
const delay = Number(asked.get('delay') ?? 20)
const layers = Number(asked.get('layers') ?? 30)
const cell = Number(asked.get('cell') ?? 100)
const connect = asked.has('planted') ? plantedModel : fakeModel
/** Answers with what each token was generated under. */
const reveals = asked.has('reveals')
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

const fake = fakeProtocol({ delay: cell })
const whole = pageProtocol(document.baseURI)
const protocol = asked.has('protocol') ? whole : { ...whole, run: fake.run, prompts: fake.prompts }

/** A sample bundle, for tests that open one. */
async function sampleBundle(): Promise<Uint8Array> {
  const sample = sampleRun('qwen2')
  return writeBundle(sample, findingsOf(sample), { directions: new Map(), tensors: new Map(), pages: new Map() })
}
Object.assign(window, { sampleBundle })

const target = document.getElementById('app')
if (!target) throw new Error('fake.html has no #app')
mount(App, {
  target,
  props: {
    outside: {
      connect: () => connect({ delay, layers, reveals, info: { device } }),
      storage: fakeStorage(kept),
      math: connectMath(),
      shelf: connectShelf('azimuth-fake'),
      tab: browserTab(),
      readers: connectReaders(),
      study: {
        store: browserStudies(),
        locks: browserLocks(),
        protocol: () => Promise.resolve(protocol),
        withFile: withStudyFile
      }
    }
  }
})
