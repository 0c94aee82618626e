/**
 * What a study has finished, cell by cell: the protocol asks for each cell by its key and computes only those that are not
 * there. So a run goes on after a closed tab, a crash or a lost device, in the page or on the command line.
 */

/** A finished cell: JSON, and numbers that JSON would blow up. */
export interface Entry {
  readonly json: unknown
  readonly floats?: Float32Array
  /** How long it took, so that a study that was resumed knows where all of its time went. */
  readonly seconds?: number
}

/** Where cells are kept. `write` resolves when the cell will outlive the process. */
export interface Journal {
  /** Every key, in the order of writing. */
  keys(): Promise<readonly string[]>
  read(key: string): Promise<Entry | null>
  write(key: string, entry: Entry): Promise<void>
}

/** A journal that ends with the process: for tests and demonstrations. */
export function memoryJournal(): Journal {
  const entries = new Map<string, Entry>()
  return {
    keys: () => Promise.resolve([...entries.keys()]),
    read: (key) => Promise.resolve(entries.get(key) ?? null),
    write: (key, entry) => {
      entries.set(key, structuredClone(entry))
      return Promise.resolve()
    }
  }
}

/**
 * The cell of a key: read where it is there, else computed, timed and written.
 * @param isWhole whether a cell that was read has all that `compute` would give it; one that has not is computed again
 */
export async function once(
  journal: Journal,
  key: string,
  compute: () => Promise<Entry>,
  isWhole: (entry: Entry) => boolean = () => true
): Promise<Entry> {
  const known = await journal.read(key)
  if (known && isWhole(known)) return known
  const began = performance.now()
  const computed = await compute()
  const entry = { ...computed, seconds: (performance.now() - began) / 1000 }
  await journal.write(key, entry)
  return entry
}
