/** A study's progress in a terminal: one line that changes; in a file, a line now and then. */
import type { StudyProgress } from '../../src/study/progress'

/** Between two lines in a file, in milliseconds. */
const everyMs = 15_000

export interface TerminalProgress {
  readonly report: (progress: StudyProgress) => void
  readonly end: (text: string) => void
}

/** Writes to stderr, so that stdout holds what was found alone. */
export function terminalProgress(stream: NodeJS.WriteStream = process.stderr): TerminalProgress {
  let last = -Infinity
  return {
    report(progress) {
      const now = performance.now()
      if (now - last < (stream.isTTY ? 100 : everyMs)) return
      last = now
      const line = lineOf(progress)
      stream.write(stream.isTTY ? `\r\u001b[K${line.slice(0, (stream.columns || 80) - 1)}` : `${line}\n`)
    },
    end(text) {
      stream.write(stream.isTTY ? `\r\u001b[K${text}\n` : `${text}\n`)
    }
  }
}

function lineOf({ stage, model, adapter, text, done, total, left }: StudyProgress): string {
  const share = total > 0 ? `${Math.floor((100 * done) / total)} %` : ''
  const time = left === null ? '' : `, ${duration(left)} left`
  return `${share}${time}  ${stage} ${[model, adapter].filter(Boolean).join(' ')}: ${text}`
}

function duration(seconds: number): string {
  return seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`
}
