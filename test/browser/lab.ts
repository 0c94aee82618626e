/** The lab's modules without the page, for tests that drive a model worker in a real browser. Not in the built site. */
import type { AdapterSource, LocalFile, ModelSource } from '../../src/lab/api'
import { connectMath } from '../../src/lab/connect/connect-math'
import { connectModel, type ModelHandle } from '../../src/lab/connect/connect'
import { webPort } from '../../src/lab/connect/line'
import { openTested } from '../../src/lab/self-test'
import { memoryJournal } from '../../src/study/journal'
import { readPromptLines } from '../../src/formats/prompts/list'
import { studySet } from '../../src/study/files/prompt-sets'
import { runStudy, type StudyLab } from '../../src/study/protocol'
import type { Run } from '../../src/study/run'
import type { StudySettings } from '../../src/study/settings'
import { wordTokenizer } from '../word-tokenizer'
import type { Count } from './count'

/** Files of a folder below test/fixtures. */
function fixtureFiles(name: string, paths: readonly string[]): Promise<LocalFile[]> {
  const base = new URL(`/test/fixtures/${name}/`, location.origin)
  const files = paths.map(async (path): Promise<LocalFile> => {
    const response = await fetch(new URL(path, base))
    if (!response.ok) throw new Error(`${path}: ${response.status}`)
    return { path, blob: await response.blob() }
  })
  return Promise.all(files)
}

/** A parity fixture's LoRA adapter as local files. */
async function adapterSource(name: string): Promise<AdapterSource> {
  const files = await fixtureFiles(`${name}/adapter`, ['adapter_config.json', 'adapter_model.safetensors'])
  return { kind: 'files', name, files }
}

/** A parity fixture as local files, with its tokenizer of words. */
async function fixtureSource(name: string, paths: readonly string[], vocabulary: number): Promise<ModelSource> {
  const made = Object.entries(wordTokenizer(vocabulary)).map(([path, text]): LocalFile => ({
    path,
    blob: new Blob([text])
  }))
  return { kind: 'files', name, files: [...(await fixtureFiles(name, paths)), ...made] }
}

/** A model in the worker that counts GPU buffers; one a page. */
function connectCounting(): ModelHandle {
  return connectModel(() =>
    webPort(new Worker(new URL('./counting-worker.ts', import.meta.url), { type: 'module', name: 'counting' }))
  )
}

const channel = new BroadcastChannel('counting-worker')

/** What the counting worker counts now. */
function count(): Promise<Count> {
  return new Promise((resolve) => {
    channel.onmessage = ({ data }: MessageEvent<Count>) => resolve(data)
    channel.postMessage('count')
  })
}

/** Throws an error in the counting worker that nobody catches. */
function crash(): void {
  channel.postMessage('crash')
}

/** Makes the counting worker end without a word at its next step of an answer. Resolves when it has heard. */
function vanish(): Promise<void> {
  return new Promise((resolve) => {
    channel.onmessage = () => resolve()
    channel.postMessage('vanish')
  })
}

/** A study in this browser, with the prompt sets of the site. */
async function study(settings: StudySettings): Promise<Run> {
  const studyLab: StudyLab = {
    connect: connectModel,
    math: connectMath(),
    host: 'browser',
    version: 'test',
    loadPrompts: async (set) => {
      const response = await fetch(`/models/prompts/${set}.jsonl`)
      return studySet(set, readPromptLines(`${set}.jsonl`, await response.text()).prompts)
    }
  }
  return (await runStudy(settings, studyLab, { journal: memoryJournal() })).run
}

export const lab = {
  study,
  connectModel,
  connectMath,
  openTested,
  fixtureSource,
  adapterSource,
  connectCounting,
  count,
  crash,
  vanish
}

declare global {
  interface Window {
    lab: typeof lab
  }
}

window.lab = lab
