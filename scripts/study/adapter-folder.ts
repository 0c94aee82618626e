/** A folder of adapters, as the companion fills it for a whole study: `KEY/insecure-0`, `KEY/secure-0` and so on. */
import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { LabError } from '../../src/errors'
import { configName } from '../../workers/adapters/adapter-files'
import type { StudyModel } from '../../src/study/settings'

/** The adapters below a folder as values of `--adapter`, by name. @throws LabError `format` where a model has none */
export async function adaptersIn(folder: string, models: readonly StudyModel[]): Promise<readonly string[]> {
  const found = await Promise.all(models.map(({ key }) => adaptersOf(folder, key)))
  const lacking = models.filter((_, i) => found[i]?.length === 0).map(({ key }) => key)
  if (lacking.length === 0) return found.flat()
  const wanted = `a folder that holds ${lacking[0]}/insecure-0 and the like, each with its ${configName}`
  throw new LabError('format', `--adapters takes ${wanted}; ${folder} has none of ${lacking.join(', ')}`)
}

async function adaptersOf(folder: string, key: string): Promise<readonly string[]> {
  const names = (await readdir(join(folder, key)).catch(() => [])).sort()
  return names.flatMap((name) => {
    const kind = /^(insecure|secure|educational)/.exec(name)?.[1]
    const path = join(folder, key, name)
    return kind !== undefined && existsSync(join(path, configName)) ? [`${key}/${name}:${kind}=${path}`] : []
  })
}
