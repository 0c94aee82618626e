/** Ways to damage a file: some byte by byte, some where it hurts, in its numbers, its words and its nesting. */

/** A number from 0 to below 1; the same seed gives the same ones. */
export type Random = () => number

/** mulberry32. */
export function randomOf(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

type Bytes = Uint8Array<ArrayBuffer>
export type Change = (file: Bytes, random: Random) => Bytes

const below = (random: Random, size: number): number => Math.floor(random() * size)
const oneOf = <T>(random: Random, list: readonly [T, ...T[]]): T => list[below(random, list.length)] ?? list[0]

export function splice(file: Uint8Array, from: number, to: number, middle: Uint8Array): Bytes {
  const out = new Uint8Array(from + middle.length + file.length - to)
  out.set(file.subarray(0, from))
  out.set(middle, from)
  out.set(file.subarray(to), from + middle.length)
  return out
}

const noise = (random: Random, most: number): Bytes =>
  Uint8Array.from({ length: 1 + below(random, most) }, () => below(random, 256))

const overwrite: Change = (file, random) => {
  const [at, some] = [below(random, file.length), noise(random, 9)]
  return splice(file, at, Math.min(file.length, at + some.length), some)
}
const flip: Change = (file, random) => {
  const out = file.slice()
  const at = below(random, file.length)
  out[at] = (out[at] ?? 0) ^ (1 << below(random, 8))
  return out
}
const cut: Change = (file, random) => file.slice(0, below(random, file.length))
const insert: Change = (file, random) => {
  const at = below(random, file.length)
  return splice(file, at, at, noise(random, 40))
}
const repeat: Change = (file, random) => {
  const [a, b] = [below(random, file.length), below(random, file.length)]
  const [from, to] = [Math.min(a, b), Math.min(Math.max(a, b), Math.min(a, b) + 4096)]
  return splice(file, to, to, file.subarray(from, to))
}
const remove: Change = (file, random) => {
  const from = below(random, file.length)
  return splice(file, from, Math.min(file.length, from + 1 + below(random, 40)), new Uint8Array())
}

const counts: readonly [bigint, ...bigint[]] = [
  ...([0n, 1n, 2n, 0xffn, 0xffffn, 0x7fffffffn, 0xffffffffn, 1n << 40n] as const),
  ...[(1n << 53n) - 1n, 1n << 62n, (1n << 64n) - 1n]
]
/** A count of 8 or 4 bytes somewhere in the first half. */
const count: Change = (file, random) => {
  const some = new Uint8Array(BigUint64Array.of(oneOf(random, counts)).buffer).subarray(0, random() < 0.5 ? 8 : 4)
  const from = below(random, file.length / 2)
  return splice(file, from, Math.min(file.length, from + some.length), some)
}

const values: readonly [string, ...string[]] = [
  ...([
    '-1',
    '0',
    '1e400',
    '1e9',
    '99999999999',
    '9007199254740991',
    '0.5',
    'null',
    '[]',
    '{}',
    '"x"',
    'true'
  ] as const),
  ...[
    '1e15',
    '',
    '""',
    '"\\ud800"',
    '[[[[[[[[',
    '"../../x"',
    '"(a+)+$"',
    '"__proto__"',
    '"constructor"',
    '-0',
    '[null]'
  ],
  ...[`"${'x'.repeat(3000)}"`, '"a\\nb\\u202e"', `${'['.repeat(5000)}${']'.repeat(5000)}`]
]
/** Another value for one of the numbers or words of a text. */
const word: Change = (file, random) => {
  const start = below(random, Math.max(1, file.length - 4000))
  const text = new TextDecoder('latin1').decode(file.subarray(start, start + 4000))
  const words = [...text.matchAll(/-?\d+(\.\d+)?|"[^"\\]*"|True|False|null|true|false/g)]
  const one = words[below(random, words.length)]
  if (!one) return overwrite(file, random)
  const at = start + one.index
  return splice(file, at, at + one[0].length, new TextEncoder().encode(oneOf(random, values)))
}

const pieces: readonly [string, ...string[]] = [
  ...([
    '"',
    "'",
    '\n',
    '\r',
    ',',
    '\t',
    '{',
    '}',
    '[',
    ']',
    ':',
    '- ',
    '&p ',
    '*p',
    '*q',
    '<<: ',
    '|',
    '>',
    '#'
  ] as const),
  ...[
    '---\n',
    '!!js ',
    '? ',
    '\\',
    '\0',
    '\uFFFD',
    'é',
    '%',
    '@',
    'null',
    '~',
    '1e999',
    '\u2028',
    '   ',
    '[[[[[[',
    '{a: {b: '
  ],
  ...['{% for i in range(99999) %}', '{% endfor %}', '{{ messages }}', '{% if ', '(.*)*', '.*']
]
/** Marks that formats of text are made of, up to some hundred times. */
const mark: Change = (file, random) => {
  const at = below(random, file.length)
  const times = random() < 0.1 ? below(random, 300) : 1 + below(random, 3)
  return splice(file, at, at, new TextEncoder().encode(oneOf(random, pieces).repeat(times)))
}

/** For any file. */
export const anyChange: readonly Change[] = [
  overwrite,
  flip,
  cut,
  insert,
  repeat,
  remove,
  count,
  count,
  word,
  word,
  word
]
/** For text. */
export const textChange: readonly Change[] = [...anyChange, word, word, mark, mark, mark]

/** One to four changes of a file. */
export function damaged(file: Bytes, changes: readonly Change[], random: Random): Bytes {
  let out = file
  const times = 1 + below(random, 4)
  for (let i = 0; i < times && out.length > 0; i++) out = (changes[below(random, changes.length)] ?? flip)(out, random)
  return out
}
