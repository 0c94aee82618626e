import { LabError } from '../../errors'
import { adviceFor, type Advice } from '../words/advice'

/** What to tell about a file of prompts that was not taken; another can be chosen. */
export function promptAdvice(error: Error): Advice {
  const isFile = error instanceof LabError && error.code === 'format'
  const sentence = isFile ? `Not imported: ${error.message}.` : adviceFor(error).sentence
  return { sentence, action: 'Choose another file', remedy: 'retry' }
}

/** What to tell where the browser keeps nothing, or no more, or what it kept cannot be read. */
export function keepAdvice(error: Error): string {
  const what = error instanceof LabError && error.code === 'format' ? 'Not brought back' : 'Not kept for the next visit'
  return `${what}: ${error.message}.`
}
