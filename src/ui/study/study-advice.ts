import { LabError } from '../../errors'
import { StudyGone } from '../../storage/journal-idb'
import { adviceFor, type Advice } from '../words/advice'

/** What to tell about a study that stopped. Every way out is to go on: what is finished is not done again. */
export function studyAdvice(error: Error): Advice {
  const { sentence } = adviceFor(error)
  if (error instanceof StudyGone) {
    const gone = 'The data of this site was cleared while the study ran, and with it what was finished.'
    return { sentence: gone, action: 'Start it again', remedy: 'retry' }
  }
  const action = 'Go on from where it stopped'
  if (!(error instanceof LabError)) return { sentence, action, remedy: 'retry' }
  const own: Partial<Record<LabError['code'], string>> = {
    'worker-lost': 'The thread that held a model ended twice. Close other tabs to free memory, then go on.',
    device: 'The device failed twice. Close what else uses the GPU, then go on.',
    memory: 'A model does not fit in memory. Unload the models on the bench, then go on.',
    quota: 'The browser has no room left to keep the study. Delete a model that it keeps (see Models), then go on.',
    format: 'The settings make no sense to this version of the page.',
    adapter: 'An adapter does not belong to its model.',
    shape: 'The prompts do not fit this study.'
  }
  return { sentence: own[error.code] ?? sentence, action, remedy: 'retry' }
}

/** The same for a bundle that could not be opened. */
export function bundleAdvice(error: Error): Advice {
  const { sentence } = adviceFor(error)
  const isFile = error instanceof LabError && (error.code === 'format' || error.code === 'checksum')
  return {
    sentence: isFile ? 'This is no finished run that can be read here.' : sentence,
    action: 'Choose another file',
    remedy: 'retry'
  }
}
