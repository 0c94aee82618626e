/** The long texts of a link: as they are, packed together, or left out and named. */
import { packBytes, unpackBytes } from '../formats/packed'
import { fieldsOf } from '../formats/fields'

/** What a link may have to leave out. */
export const linkParts = ['question', 'positive', 'negative', 'direction'] as const
export type LinkPart = (typeof linkParts)[number]

type TextName = Exclude<LinkPart, 'direction'>
export type LinkTexts = Partial<Readonly<Record<TextName, string>>>

/** Characters of a text in an address; longer ones are packed. */
const longestPlain = 1500
/** Characters of all packed texts: some programs cut longer addresses off. */
const longestPacked = 6000
/** Bytes that packed texts may unpack to. */
const mostBytes = 2 ** 20

/** @param left what is left out already */
export function writeTexts(texts: LinkTexts, left: readonly LinkPart[]): readonly (readonly [string, string])[] {
  const entries = linkParts.flatMap((name) => {
    const text = name === 'direction' ? undefined : texts[name]
    return text === undefined ? [] : [[name, text] as const]
  })
  const isLong = ([, text]: readonly [string, string]): boolean => encodeURIComponent(text).length > longestPlain
  const long = entries.filter(isLong)
  const packed = long.length > 0 ? packBytes(new TextEncoder().encode(JSON.stringify(Object.fromEntries(long)))) : ''
  const isTooLong = packed.length > longestPacked
  const all = new Set<LinkPart>([...left, ...(isTooLong ? long.map(([name]) => name) : [])])
  return [
    ...entries.filter((entry) => !isLong(entry)),
    ...(packed !== '' && !isTooLong ? [['packed', packed] as const] : []),
    ...(all.size > 0 ? [['left', linkParts.filter((name) => all.has(name)).join()] as const] : [])
  ]
}

/** The texts of a link by their names. Packed ones that cannot be read are missing; see `textsProblem`. */
export function readTexts(values: URLSearchParams): ReadonlyMap<string, string> {
  const plain = [...values].filter(([name]) => isPart(name) && name !== 'direction')
  return new Map([...plain, ...unpacked(values.get('packed'))])
}

/** Why the packed texts of a link cannot be read; null where they can. */
export function textsProblem(link: string): Error | null {
  try {
    unpack(valuesOf(link).get('packed'))
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

/** What a link leaves out, from its text. */
export function leftBy(link: string): readonly LinkPart[] {
  return readLeft(valuesOf(link).get('left'))
}

const valuesOf = (link: string): URLSearchParams => new URLSearchParams(link.split('?', 2)[1])

/** What a link says that it leaves out. */
export function readLeft(value: string | null): readonly LinkPart[] {
  const names = (value ?? '').split(',')
  return linkParts.filter((part) => names.includes(part))
}

function unpacked(text: string | null): readonly (readonly [string, string])[] {
  try {
    return unpack(text)
  } catch {
    return []
  }
}

/** @throws what `unpackBytes` and JSON.parse throw */
function unpack(text: string | null): readonly (readonly [string, string])[] {
  if (text === null) return []
  const value: unknown = JSON.parse(new TextDecoder().decode(unpackBytes(text, mostBytes)))
  return [...fieldsOf(value)].flatMap(([name, one]) => (isPart(name) && typeof one === 'string' ? [[name, one]] : []))
}

const isPart = (name: string): name is LinkPart => linkParts.some((part) => part === name)
