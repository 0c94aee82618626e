/** Which hosts a study on the command line contacts: never one that only a file names. */
import { LabError } from '../../src/errors'
import { quoted } from '../../src/formats/text'
import type { AdapterSource, ModelSource } from '../../src/lab/api'
import { hostOf, publicHub } from '../../src/lab/privacy/hosts'
import type { StudyModel } from '../../src/study/settings'

/** What the person at the terminal has said of hosts. */
export interface Trusted {
  /** `--hub`: every hub source is asked for there. */
  readonly hub?: string | undefined
  /** `--host`, each: servers whose folders a file may name. */
  readonly host: readonly string[]
}

/**
 * The models of a file with the hosts that may be contacted: `--hub` takes the place of every hub that the file names.
 * @throws LabError `format` that names a host which nobody but the file vouches for
 */
export function atTrustedHosts(
  models: readonly StudyModel[],
  trusted: Trusted,
  env: Readonly<Record<string, string | undefined>> = process.env
): readonly StudyModel[] {
  const own = [publicHub, trusted.hub, env['HF_ENDPOINT']].map(originOf)
  const place = <Source extends ModelSource | AdapterSource>(source: Source): Source => {
    if (source.kind === 'url' && !trusted.host.includes(hostOf(source.url))) throw unknown(source.url, '--host')
    if (source.kind !== 'hub' || source.endpoint === undefined) return source
    if (trusted.hub !== undefined) return { ...source, endpoint: trusted.hub }
    if (!own.includes(originOf(source.endpoint))) throw unknown(source.endpoint, '--hub')
    return source
  }
  return models.map((model) => ({
    ...model,
    source: place(model.source),
    adapters: model.adapters.map((adapter) => ({ ...adapter, source: place(adapter.source) }))
  }))
}

/** Scheme, host and port; empty for what is no address. */
const originOf = (address: string | undefined): string =>
  address !== undefined && URL.canParse(address) ? new URL(address).origin : ''

function unknown(address: string, option: '--hub' | '--host'): LabError {
  const value = option === '--hub' ? originOf(address) : hostOf(address)
  const way = `add ${option} ${quoted(value)} if you trust it, or give your own copy with --model KEY=PATH or --adapter`
  return new LabError(
    'format',
    `the file wants something from ${quoted(hostOf(address))}, which is not contacted: ${way}`
  )
}
