/** Settings as fields of a form: how each is written out, and what a text makes of it. */
import type { ControlCounts, SetName, StudySettings, Thresholds } from './settings'

/** `S`: the source states it. `C`: our choice, because the source's own is not public. */
export type Mark = 'S' | 'C'

export interface SettingNote {
  /** Unique: `controls.random`. */
  readonly name: string
  readonly label: string
  readonly mark: Mark
  /** One sentence. */
  readonly note: string
  /** What can be chosen, as value and words; null for a field that is written in. */
  readonly choices: readonly (readonly [value: string, label: string])[] | null
  /** The value as text. */
  readonly read: (settings: StudySettings) => string
  /** Settings with another value; null for a text that is none. */
  readonly write: (settings: StudySettings, text: string) => StudySettings | null
}

type Words = readonly [label: string, mark: Mark, note: string]

function field(
  name: string,
  [label, mark, note]: Words,
  read: SettingNote['read'],
  write: SettingNote['write']
): SettingNote {
  return { name, label, mark, note, choices: null, read, write }
}

type Whole =
  'seed' | 'samples' | 'decidingSamples' | 'controlSamples' | 'maxTokens' | 'swaps' | 'draws' | 'batch' | 'lanes'
type Real = 'temperature' | 'topP'

export function real(
  name: Whole | Real,
  label: string,
  mark: Mark,
  note: string,
  low: number,
  high: number
): SettingNote {
  const write: SettingNote['write'] = (settings, text) => {
    const value = numberOf(text)
    return value === null || value < low || value > high ? null : { ...settings, [name]: value }
  }
  return field(name, [label, mark, note], (settings) => String(settings[name]), write)
}

export function whole(name: Whole, label: string, mark: Mark, note: string, low: number, high: number): SettingNote {
  const inner = real(name, label, mark, note, low, high)
  return { ...inner, write: (settings, text) => (/^\d+$/.test(text.trim()) ? inner.write(settings, text) : null) }
}

export function limit(set: SetName, label: string, mark: Mark, note: string): SettingNote {
  const read: SettingNote['read'] = ({ limits }) => (limits[set] === null ? 'all' : String(limits[set]))
  const write: SettingNote['write'] = (settings, text) => {
    const value = /^(all)?$/i.test(text.trim()) ? null : /^[1-9]\d*$/.test(text.trim()) ? Number(text) : undefined
    return value === undefined ? null : { ...settings, limits: { ...settings.limits, [set]: value } }
  }
  return field(`limits.${set}`, [label, mark, note], read, write)
}

export function control(name: keyof ControlCounts, label: string, mark: Mark, note: string): SettingNote {
  const write: SettingNote['write'] = (settings, text) =>
    /^\d{1,3}$/.test(text.trim()) ? { ...settings, controls: { ...settings.controls, [name]: Number(text) } } : null
  return field(`controls.${name}`, [label, mark, note], ({ controls }) => String(controls[name]), write)
}

export function threshold(name: keyof Thresholds, label: string, mark: Mark, note: string): SettingNote {
  const write: SettingNote['write'] = (settings, text) => {
    const value = numberOf(text)
    return value === null || value < 0 ? null : { ...settings, thresholds: { ...settings.thresholds, [name]: value } }
  }
  return field(`thresholds.${name}`, [label, mark, note], ({ thresholds }) => String(thresholds[name]), write)
}

export function list(
  name: 'alphas' | 'carriedAlphas' | 'verdictAlphas' | 'alongAlphas',
  label: string,
  mark: Mark,
  note: string
): SettingNote {
  const write: SettingNote['write'] = (settings, text) => {
    const values = text
      .split(/[\s,;]+/)
      .filter(Boolean)
      .map(numberOf)
    const known = values.filter((value): value is number => value !== null && value > 0 && value <= 10)
    if (known.length === 0 || known.length < values.length) return null
    return { ...settings, [name]: [...new Set(known)].sort((a, b) => a - b) }
  }
  return field(name, [label, mark, note], (settings) => settings[name].join(' '), write)
}

export function choice<Value extends string>(
  name: string,
  words: Words,
  choices: readonly (readonly [Value, string])[],
  read: (settings: StudySettings) => Value,
  write: (settings: StudySettings, value: Value) => StudySettings
): SettingNote {
  const [label, mark, note] = words
  return {
    ...{ name, label, mark, note, choices, read },
    write: (settings, text) => {
      const found = choices.find(([value]) => value === text)
      return found ? write(settings, found[0]) : null
    }
  }
}

function numberOf(text: string): number | null {
  const value = Number(text.trim() || 'none')
  return Number.isFinite(value) ? value : null
}
