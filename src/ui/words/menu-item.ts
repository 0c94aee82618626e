/** One line of a menu. */
export interface MenuItem {
  /** A verb, or what the menu's verb is done with. */
  readonly label: string
  /** What it does, in a few words. */
  readonly note?: string
  readonly disabled?: boolean
  readonly onselect: () => void
}
