/** Numbers as the page writes them. */
import type { Measured } from '../../state/meter'
import type { Progress } from '../../lab/api'
import { signed } from '../../math/number-text'

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })

export function formatCount(value: number): string {
  return whole.format(value)
}

/** Three significant digits, thousands grouped. */
export function formatRounded(value: number): string {
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value)
}

/** Decimal units, as downloads are counted. */
export function formatBytes(bytes: number): string {
  if (bytes < 1e6) return `${whole.format(bytes / 1e3)} kB`
  return bytes < 1e9 ? `${whole.format(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** A dash for NaN: what was not measured. */
export function formatPercent(share: number): string {
  if (Number.isNaN(share)) return '\u2013'
  return `${Math.round(share * 100)}\u00a0%`
}

/** A probability, of which what is small is not nothing: "62 %", "< 1 %" */
export function formatLikely(probability: number): string {
  return probability > 0 && probability < 0.005 ? '<\u00a01\u00a0%' : formatPercent(probability)
}

/** Gaps with their sign, one digit, and a real minus. */
export function formatGaps(gaps: number): string {
  return signed(gaps, 1)
}

const stages: Record<Progress['stage'], string> = {
  list: 'Looking at the files',
  download: 'Downloading',
  read: 'Reading',
  instrument: 'Editing the graph',
  expand: 'Expanding int4 weights to fp32',
  session: 'Creating the session',
  tokens: 'Generating',
  rows: 'Reading hidden states',
  'self-test': 'Testing this device against WebAssembly'
}

/** What is being done, how far, how fast, how long. */
export function describeProgress({ progress, rate, left }: Measured): string {
  const { stage, done, total, unit } = progress
  const parts = [stages[stage]]
  if (unit === 'bytes' && total > 0) parts.push(`${formatBytes(done)} of ${formatBytes(total)}`)
  else if (total > 0) parts.push(`${done} of ${total}`)
  if (unit === 'bytes' && rate > 0) parts.push(`${(rate / 1e6).toFixed(1)} MB/s`)
  if (left !== null && left >= 1) parts.push(`${formatDuration(left)} left`)
  return parts.join(', ')
}

/** A day as a person says it: today, yesterday, else the date. */
export function formatDay(iso: string, now = new Date()): string {
  const day = new Date(iso)
  if (Number.isNaN(day.getTime())) return 'at an unknown time'
  const midnight = (date: Date): number => new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
  const days = Math.round((midnight(now) - midnight(day)) / 86_400_000)
  if (days === 0) return 'today'
  return days === 1 ? 'yesterday' : `on ${day.toLocaleDateString('en', { dateStyle: 'medium' })}`
}
