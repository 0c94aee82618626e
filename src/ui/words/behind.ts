/** The page behind a dialog. */
export interface Behind {
  /** The page can be neither pressed nor read until the returned function is called. */
  readonly leave: () => () => void
  /** The focus goes back to where it was, and not where the library would put it. */
  readonly comeBack: (event: Event) => void
}

/** The page that waits while a dialog is open: all but the dialog, which lies beside the page in the document. */
export function behind(): Behind {
  let before: Element | null = null
  const setInert = (isInert: boolean): void => {
    const page = document.getElementById('app')
    if (page) page.inert = isInert
  }
  return {
    leave: () => {
      before = document.activeElement
      setInert(true)
      return () => setInert(false)
    },
    comeBack: (event) => {
      event.preventDefault()
      // An inert page takes no focus.
      setInert(false)
      if (before instanceof HTMLElement && before.isConnected) before.focus()
    }
  }
}
