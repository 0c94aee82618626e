/** Who may import whom. One table; `test/imports.test.ts` holds the code to it. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import ts from 'typescript'

interface Place {
  /** A folder, or a file, from the repository's root. */
  readonly path: string
  /** Packages whose names start so may be imported; `*` is any but an engine. */
  readonly packages: readonly string[]
}

const pure = [
  'd3',
  '@bufbuild/protobuf',
  'onnx-buf',
  'ml-matrix',
  'yaml',
  'fflate',
  '@zip.js/zip.js',
  'hyparquet',
  'valibot',
  '@lezer/',
  '@eslint-community/regexpp'
]

/** Top to bottom is the direction of the data: a file imports from its own place or from places above it. */
export const places: readonly Place[] = [
  { path: 'src/errors.ts', packages: [] },
  { path: 'src/math', packages: pure },
  { path: 'src/onnx', packages: pure },
  { path: 'src/formats', packages: pure },
  { path: 'src/direction', packages: pure },
  { path: 'src/spillover', packages: pure },
  { path: 'src/lab', packages: ['comlink'] },
  { path: 'src/storage', packages: [] },
  { path: 'src/study', packages: pure },
  // What a bundle carries for readers is drawn without the page.
  { path: 'src/plot/study', packages: ['d3'] },
  { path: 'src/report', packages: [] },
  { path: 'src/experiments', packages: [] },
  { path: 'src/state', packages: ['svelte'] },
  { path: 'src/plot', packages: ['d3'] },
  { path: 'src/ui', packages: ['svelte', 'd3', 'bits-ui'] },
  { path: 'src/App.svelte', packages: ['svelte', '@fontsource-variable/'] },
  { path: 'src/main.ts', packages: ['svelte', '@fontsource-variable/'] },
  { path: 'src/service-worker.ts', packages: [] },
  { path: 'workers', packages: ['*', 'onnxruntime-web', 'onnxruntime-node', '@huggingface/', 'node:'] }
]

/** The engine knows the seam, and nothing of the page. */
const closedToWorkers = [
  'src/storage',
  'src/study',
  'src/report',
  'src/experiments',
  'src/state',
  'src/plot',
  'src/ui',
  'src/App.svelte',
  'src/main.ts'
]

/** What stands apart from the engine may know more: the study's own numerics, and the readers of the files that people bring. */
const openTo: Readonly<Record<string, readonly string[]>> = {
  'workers/recheck.ts': ['src/study'],
  'workers/read/files.ts': ['src/state/drop']
}

/** The one file of the page that names a worker, and only by its address. */
const connects = 'src/lab/connect'

export interface Import {
  readonly from: string
  /** As it is written. */
  readonly name: string
  /** Path from the root of an imported file, null for a package. */
  readonly to: string | null
}

/** Every import, export-from and `import()` in a source text. `from` and `to` are paths from the root. */
export function importsOf(from: string, text: string, isFile: (path: string) => boolean): readonly Import[] {
  const script = from.endsWith('.svelte') ? scriptsOf(text) : text
  return ts.preProcessFile(script, true, true).importedFiles.map(({ fileName }) => {
    const name = fileName.replace(/\?.*$/, '')
    return { from, name: fileName, to: name.startsWith('.') ? resolveFile(from, name, isFile) : null }
  })
}

/** What is wrong with one import, or null. */
export function complaint({ from, name, to }: Import): string | null {
  const own = placeOf(from)
  if (own === -1) return `${from} lies in no place of test/imports.ts`
  if (to === null) return allowsPackage(places[own]?.packages ?? [], name) ? null : `${from} may not import ${name}`
  const other = placeOf(to)
  if (other === -1)
    return to.endsWith('.css') || to.endsWith('.json') ? null : `${from} imports ${to}, which lies in no place`
  if (other === own) return null
  if (places[other]?.path === 'workers') return `${from} imports ${to}: the page reaches a worker by its address only`
  if (places[own]?.path === 'workers') {
    if (openTo[from]?.some((path) => isIn(to, path))) return null
    return closedToWorkers.some((path) => isIn(to, path))
      ? `${from} imports ${to}: an engine knows nothing of the page`
      : null
  }
  return other < own ? null : `${from} imports ${to}, which lies below it`
}

/** Addresses of workers in a text, where the file may not name one. */
export function workerComplaint(from: string, text: string): string | null {
  if (!from.startsWith('src/') || from.startsWith(connects)) return null
  return /\bworkers\/[\w-]+\.ts|\?(shared)?worker\b/.test(text)
    ? `${from} names a worker: only ${connects}*.ts may`
    : null
}

/** A chain of files that import each other in a circle, or null. */
export function findCycle(imports: readonly Import[]): readonly string[] | null {
  const next = new Map<string, string[]>()
  for (const { from, to } of imports) {
    if (to !== null && to !== from) next.set(from, [...(next.get(from) ?? []), to])
  }
  const done = new Set<string>()
  function visit(file: string, chain: readonly string[]): readonly string[] | null {
    const seen = chain.indexOf(file)
    if (seen !== -1) return [...chain.slice(seen), file]
    if (done.has(file)) return null
    for (const other of next.get(file) ?? []) {
      const cycle = visit(other, [...chain, file])
      if (cycle) return cycle
    }
    done.add(file)
    return null
  }
  for (const file of next.keys()) {
    const cycle = visit(file, [])
    if (cycle) return cycle
  }
  return null
}

/** Every source file of the page and the workers, with its text, by its path from `root`. */
export function readSources(root: string): ReadonlyMap<string, string> {
  const files = ['src', 'workers'].flatMap((folder) => walk(join(root, folder)))
  const sources = files.filter((file) => /\.(ts|svelte)$/.test(file) && !file.endsWith('.d.ts'))
  return new Map(sources.map((file) => [relative(root, file).split(sep).join('/'), readFileSync(file, 'utf8')]))
}

function walk(folder: string): readonly string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? walk(path) : [path]
  })
}

function scriptsOf(component: string): string {
  return [...component.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '').join('\n')
}

function resolveFile(from: string, name: string, isFile: (path: string) => boolean): string {
  const path = relative('/', resolve('/', dirname(from), name))
    .split(sep)
    .join('/')
  const endings = ['', '.ts', '.svelte.ts', '/index.ts']
  return endings.map((ending) => path + ending).find(isFile) ?? path
}

function placeOf(path: string): number {
  return places.findIndex((place) => isIn(path, place.path))
}

function isIn(path: string, place: string): boolean {
  return path === place || path.startsWith(`${place}/`)
}

function allowsPackage(allowed: readonly string[], name: string): boolean {
  const isEngine = /^(onnxruntime|@huggingface\/|node:)/.test(name)
  return allowed.some((start) => (start === '*' ? !isEngine : name.startsWith(start)))
}
