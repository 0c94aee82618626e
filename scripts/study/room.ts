/** A disk that has no room, as an error with a way out. */
import { LabError } from '../../src/errors'
import { codeOf, isFull } from '../../workers/stored/full-node'

/** What the system says of a place that may not be written to. */
const forbidden = ['EACCES', 'EPERM', 'EROFS']

/**
 * Does it, and says of a failure of the disk what can be done.
 * @param folder that is written to
 * @throws LabError `quota`
 */
export async function whileRoom<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    const way = 'what was finished before is kept, go on with --resume'
    if (isFull(cause)) {
      throw new LabError('quota', `the disk of ${folder} has no room left: free some; ${way}`, { cause })
    }
    if (!forbidden.includes(codeOf(cause))) throw cause
    const text = `${folder} may not be written to (${codeOf(cause)}): change its permissions, or name another folder`
    throw new LabError('quota', `${text}; ${way}`, { cause })
  }
}
