/** How far a study is, in words and numbers for a reader. */

export type Stage =
  'open' | 'admission' | 'capture' | 'separation' | 'alpha' | 'within' | 'maps' | 'transfer' | 'score' | 'findings'

export interface StudyProgress {
  readonly stage: Stage
  readonly model: string | null
  readonly adapter: string | null
  /** What is being done, one short phrase: "qwen2, insecure-0: 65 arms on eval". */
  readonly text: string
  /** Answers that are finished and that there will be, of the whole study; those from the journal count as finished. */
  readonly done: number
  readonly total: number
  /** Seconds so far in this session, and those left by the speed of this session; null until it is known. */
  readonly elapsed: number
  readonly left: number | null
  /** The last answer that came, for a look at what is going on; null before the first. */
  readonly latest: { readonly arm: string; readonly prompt: string; readonly text: string } | null
}
