import { describe, expect, it } from 'vitest'
import {
  choice,
  floats,
  ifThere,
  list,
  map,
  natural,
  numberOrNaN,
  object,
  ofKind,
  oneOf,
  orNull,
  read,
  text,
  withDefault,
  type Schema
} from '../../src/formats/schema'

const messageOf = (schema: Schema<unknown>, value: unknown): string => {
  try {
    read(schema, value, 'a.json')
  } catch (error) {
    return String(error)
  }
  return 'nothing was thrown'
}

const sources = oneOf([ofKind('hub', { repo: text }), ofKind('url', { url: text })])

describe('a schema', () => {
  it('leaves out fields that it does not name, and gives those of its own in their order', () => {
    const schema = object({
      b: natural,
      a: orNull(text),
      c: withDefault(text, 'there'),
      d: ifThere(text),
      e: numberOrNaN
    })
    expect(JSON.stringify(read(schema, { e: null, z: 1, b: 2 }, 'a.json'))).toBe(
      '{"b":2,"a":null,"c":"there","e":null}'
    )
  })

  it.each<[string, Schema<unknown>, unknown, string]>([
    ['a missing field', object({ a: object({ b: text }) }), { a: {} }, 'a.json: a: b should be text, got nothing'],
    ['a list for an object', object({ a: text }), [1], 'a.json should be an object, got a list of 1'],
    [
      'an element',
      object({ a: list(natural) }),
      { a: [0, -1] },
      'a.json: a[1] should be 0 or a positive whole number, got -1'
    ],
    ['a name that is none', choice(['x', 'y']), 'toString', 'a.json should be one of x, y, got "toString"'],
    [
      'a number that no single holds',
      object({ a: floats }),
      { a: [0, 1e300] },
      'a.json: a[1] should be a number, got 1e+300'
    ],
    [
      'a value by its name',
      map(list(natural)),
      { one: [1], two: ['x'] },
      'a.json: two[0] should be 0 or a positive whole number, got "x"'
    ],
    ['an unknown kind', sources, { kind: 'file' }, 'a.json: kind should be one of hub, url, got "file"'],
    ['a field of a kind', sources, { kind: 'url' }, 'a.json: url should be text, got nothing']
  ])('says where %s is wrong, and the way out', (_, schema, value, message) => {
    expect(messageOf(schema, value)).toBe(`LabError: ${message}: correct it, or take the file as it was written`)
  })

  it('takes names that objects have of their own for data', () => {
    const value: unknown = JSON.parse('{"constructor": "a", "__proto__": "b"}')
    expect([...read(map(text), value, 'a.json')]).toEqual([
      ['constructor', 'a'],
      ['__proto__', 'b']
    ])
    expect(messageOf(object({ constructor: text }), {})).toContain('constructor should be text, got')
  })

  it('quotes little of a file, and on one line', () => {
    const name = `a\n${'b'.repeat(5000)}`
    const message = messageOf(map(text), { [name]: [] })
    expect(message.length).toBeLessThan(200)
    expect(message).not.toContain('\n')
    expect(messageOf(choice(['a']), name).length).toBeLessThan(200)
  })
})
