import { LabError } from '../errors'
import { adviceFor, type Advice } from './advice'

/** What to tell about a file of prompts that was not taken; another can be chosen. */
export function promptAdvice(error: Error): Advice {
  const isFile = error instanceof LabError && error.code === 'format'
  const sentence = isFile ? `Not imported: ${error.message}.` : adviceFor(error).sentence
  return { sentence, action: 'Choose another file', remedy: 'retry' }
}

/** What to tell where the browser keeps nothing, or no more. */
export function keepAdvice(error: Error): string {
  return `Not kept for the next visit: ${error.message}.`
}
