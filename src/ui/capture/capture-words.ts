import { LabError } from '../../errors'
import type { Position } from '../../lab/api'
import { adapterName, sizeOf, type Capture } from '../../state/capture/capture'
import { adviceFor, type Advice } from '../words/advice'
import { formatBytes, formatCount, formatDay, formatDuration } from '../words/words'

export const positionNames: Readonly<Record<Position, string>> = {
  last: 'last prompt token',
  'answer-mean': 'mean over the answer',
  every: 'every token'
}

/** What a capture is of, in one line. */
export function describeCapture(capture: Capture): string {
  const { set, modelName, states } = capture
  const adapter = adapterName(capture)
  const parts = [
    set ? `set ${set.name} (${set.sha256.slice(0, 8)})` : 'from a file',
    `${modelName} ${states.model.dtype}${adapter ? ` with ${adapter}` : ''}`,
    positionNames[states.position],
    `${formatCount(states.rows)} vectors a layer, ${states.layers} layers of width ${formatCount(states.width)}`
  ]
  return parts.join(' \u00b7 ')
}

/** How large it is, how long it took, and when. */
export function describeCost(capture: Capture): string {
  const { seconds, created } = capture
  const took = seconds === null ? 'imported' : seconds < 1 ? 'read in under 1 s' : `read in ${formatDuration(seconds)}`
  return `${formatBytes(sizeOf(capture))} \u00b7 ${took} \u00b7 ${formatDay(created)}`
}

/** What to tell about a capture that did not come about. */
export function captureAdvice(error: Error): Advice {
  const isOwn = error instanceof LabError && ['memory', 'shape', 'format'].includes(error.code)
  if (!isOwn) return { ...adviceFor(error), action: 'Try again', remedy: 'retry' }
  return { sentence: `Not captured: ${error.message}.`, action: 'Edit the prompts', remedy: 'prompts' }
}

/** The same for a file. */
export function captureFileAdvice(error: Error): Advice {
  const isFile = error instanceof LabError && error.code === 'format'
  const sentence = isFile ? `Not imported: ${error.message}.` : adviceFor(error).sentence
  return { sentence, action: 'Choose another file', remedy: 'retry' }
}
