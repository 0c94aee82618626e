export const themes = ['system', 'light', 'dark'] as const
export type ThemeName = (typeof themes)[number]

const key = 'azimuth.theme'

/** Light or dark: the system's, unless chosen here; the choice is kept in this browser. */
export class Theme {
  #name = $state<ThemeName>(readTheme())

  get name(): ThemeName {
    return this.#name
  }

  /** Goes on to the next of system, light, dark. */
  next(): void {
    this.#name = themes[(themes.indexOf(this.#name) + 1) % themes.length] ?? 'system'
    try {
      localStorage.setItem(key, this.#name)
    } catch {
      return // without storage, as in some private windows, the choice lasts as long as the page
    }
  }
}

function readTheme(): ThemeName {
  try {
    return themes.find((name) => name === localStorage.getItem(key)) ?? 'system'
  } catch {
    return 'system'
  }
}
