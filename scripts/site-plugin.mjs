/** What the build adds to Vite's: the policy in index.html, the service worker's list of files, the lists of models, adapters and runs. */
import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isolationHeaders, metaPolicy } from './headers.mjs'
import { listAdapters, listModels } from './models.mjs'
import { listRuns } from './runs.mjs'
import { siteHandler } from './serve.mjs'

/** Not in the list: what is stored elsewhere or only on use, the worker itself, and maps. */
const notListed = /^models\/index\.json$|^runs\/|^adapters\/.+\/|^service-worker\.js$|\.map$/

/** Bytes up to which a file of a bundled model is listed: the organisms are there offline, real models are not. */
const mostKept = 2e6

/** @returns {import('vite').Plugin} */
export function site() {
  let root = ''
  let out = ''
  return {
    name: 'azimuth-site',
    configResolved(config) {
      root = config.root
      out = resolve(config.root, config.build.outDir)
    },
    transformIndexHtml: {
      order: 'post',
      handler: (_, { server }) =>
        server
          ? []
          : [
              {
                tag: 'meta',
                injectTo: 'head-prepend',
                attrs: { 'http-equiv': 'Content-Security-Policy', content: metaPolicy }
              }
            ]
    },
    configureServer(server) {
      const folders = { root: join(root, 'public'), models: [join(root, 'models')] }
      const answer = siteHandler({ ...folders, headers: isolationHeaders })
      server.middlewares.use((request, response, next) => {
        if (!/^\/(models|adapters|runs)\//.test(request.url ?? '')) return next()
        answer(request, response).catch(next)
      })
    },
    writeBundle: {
      order: 'post',
      sequential: true,
      async handler(_, bundle) {
        // Workers are bundles of their own, written before the page's.
        if (!('service-worker.js' in bundle)) return
        await writeModels(out)
        await writeAdapters(out)
        await writeRuns(out)
        await writeFiles(out)
      }
    }
  }
}

/** @param {string} out */
async function writeModels(out) {
  const folder = join(out, 'models')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'index.json'), JSON.stringify(await listModels([folder])))
}

/** @param {string} out */
async function writeAdapters(out) {
  await mkdir(join(out, 'adapters'), { recursive: true })
  await writeFile(join(out, 'adapters', 'index.json'), JSON.stringify(await listAdapters(out)))
}

/** @param {string} out */
async function writeRuns(out) {
  await mkdir(join(out, 'runs'), { recursive: true })
  await writeFile(join(out, 'runs', 'index.json'), JSON.stringify(await listRuns(out)))
}

/** @param {string} out */
async function writeFiles(out) {
  /** @type {[string, string][]} */
  const files = []
  for (const path of await walk(out, '')) {
    if (notListed.test(path) || (path.startsWith('models/') && (await stat(join(out, path))).size > mostKept)) continue
    files.push([path, await hashOf(join(out, path))])
  }
  // The page is asked for by its folder's address.
  const page = files.find(([path]) => path === 'index.html')
  if (page) page[0] = ''
  const version = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12)
  const script = join(out, 'service-worker.js')
  const source = await readFile(script, 'utf8')
  if (!source.includes('__FILES__') || !source.includes('__VERSION__')) {
    throw new Error('service-worker.js has no place for the list of files: see src/service-worker.ts')
  }
  await writeFile(script, source.replace('__FILES__', JSON.stringify(files)).replace('__VERSION__', version))
}

/** @param {string} file */
async function hashOf(file) {
  const name = /[\\/]assets[\\/][^\\/]+-([\w-]{8})\.\w+$/.exec(file)?.[1]
  return (
    name ??
    createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
      .slice(0, 12)
  )
}

/**
 * @param {string} root
 * @param {string} below
 * @returns {Promise<string[]>}
 */
async function walk(root, below) {
  const paths = []
  for (const entry of await readdir(join(root, below), { withFileTypes: true })) {
    const path = below ? `${below}/${entry.name}` : entry.name
    if (entry.isDirectory()) paths.push(...(await walk(root, path)))
    else paths.push(path)
  }
  return paths.sort()
}
