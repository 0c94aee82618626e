/** Paths and names that come from a file or a server: which of them may become a place on a disk or in an address. */

/** Longer paths fit no file system that we know of. */
const longestPath = 1000
/** What Windows takes for a device, whatever ending follows. */
const device = /^(con|prn|aux|nul|com[\d\u00b9\u00b2\u00b3]|lpt[\d\u00b9\u00b2\u00b3]|conin\$|conout\$)[ ]*(\.|$)/i

/**
 * True for a relative path with `/` between its parts that stays below its folder on every system: no `..`, no drive, no
 * backslash, no control character, and text that an address can carry.
 */
export function isPlainPath(path: string): boolean {
  if (path.length > longestPath || /^[a-z]:|[\\\p{Cc}\p{Cs}]/iu.test(path)) return false
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..')
}

/** True for a plain path of which every part can be the name of a file on every system, also on Windows. */
export function isFilePath(path: string): boolean {
  const fits = (part: string): boolean => part.length <= 255 && !/[:<>"|?*]|[. ]$/.test(part) && !device.test(part)
  return isPlainPath(path) && path.split('/').every(fits)
}

/** True for a name of letters, digits, dots and dashes, the only ones that we give to files of our own. */
export function isFileName(name: string): boolean {
  return /^[a-z0-9][\w.-]{0,199}$/i.test(name) && isFilePath(name)
}
