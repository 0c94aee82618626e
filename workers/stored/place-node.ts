/** What the page asks its user and Node its environment: where models are stored, which hub is meant, with which token. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AdapterSource, ModelSource } from '../../src/lab/api'
import { publicHub } from '../../src/lab/privacy/hosts'

type Environment = Readonly<Record<string, string | undefined>>

/** `AZIMUTH_CACHE`, or the platform's folder for what can be fetched again. */
export function cacheFolder(
  env: Environment = process.env,
  platform: NodeJS.Platform = process.platform,
  home: string = homedir()
): string {
  const own = env['AZIMUTH_CACHE']
  if (own) return own
  if (env['XDG_CACHE_HOME']) return join(env['XDG_CACHE_HOME'], 'azimuth')
  if (platform === 'win32') return join(env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'), 'azimuth')
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'azimuth') : join(home, '.cache', 'azimuth')
}

/**
 * A source of the hub with the address of `HF_ENDPOINT` and the token of `HF_TOKEN`, where it names none. The token goes
 * nowhere but to that address: not to another one that a settings file may name.
 */
export function atHub<Source extends ModelSource | AdapterSource>(
  source: Source,
  env: Environment = process.env
): Source {
  if (source.kind !== 'hub') return source
  const own = env['HF_ENDPOINT'] || publicHub
  const endpoint = source.endpoint ?? own
  const token = source.token ?? (bare(endpoint) === bare(own) ? env['HF_TOKEN']?.trim() : undefined)
  return { ...source, endpoint, ...(token && { token }) }
}

const bare = (address: string): string => address.replace(/\/+$/, '')
