/** PyTorch's files: tensors are rebuilt from their bytes, nothing is run, and what asks for more is refused. */
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import type { Arrays } from '../../src/formats/arrays/arrays'
import { readTorchPickle, readTorchZip } from '../../src/formats/arrays/torch'
import { call, global, int, pickle, tensor, text, tuple } from './pickles'

const storage = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer)

function zip(data: Uint8Array, more: Readonly<Record<string, Uint8Array>> = {}): Arrays {
  return readTorchZip(
    new Map(
      [['x/data.pkl', data], ['x/data/0', storage], ...Object.entries(more)].map(
        ([path, file]) => [String(path), file] as [string, Uint8Array]
      )
    ),
    'x.pt'
  )
}

describe('a tensor', () => {
  it.each([
    ['alone', tensor({ shape: [4], strides: [1] }), [1, 2, 3, 4]],
    ['of a part of its storage', tensor({ offset: 1, shape: [2], strides: [2] }), [2, 4]],
    ['in columns', tensor({ shape: [2, 2], strides: [1, 2] }), [1, 3, 2, 4]],
    ['that repeats its storage', tensor({ shape: [2, 2], strides: [0, 1] }), [1, 2, 1, 2]],
    ['without numbers', tensor({ shape: [0, 3], strides: [3, 1] }), []]
  ])('%s is rebuilt', (_, asked, expected) => {
    expect(zip(pickle(asked)).arrays.map(({ data }) => [...data])).toEqual([expected])
  })

  it('is found in dicts and lists, and what is none is read past', () => {
    const one = tensor({ shape: [4], strides: [1] })
    const dict = pickle(
      '}(',
      int(3),
      one,
      text('note'),
      text('hi'),
      text('layer'),
      int(5),
      text('many'),
      ']',
      one,
      'a',
      'u'
    )
    expect(zip(dict)).toMatchObject({ layer: 5, arrays: [{ path: ['3'] }, { path: ['many', ''] }] })
  })

  it('of whole numbers is read past', () => {
    expect(zip(pickle(tensor({ shape: [2], strides: [1], count: 2, type: 'LongStorage' }))).arrays).toEqual([])
  })
})

describe('a hostile pickle runs nothing', () => {
  const command = text('touch /tmp/never')
  const asks: readonly (readonly [string, Uint8Array | string, RegExp])[] = [
    ['os.system', call(global('os', 'system'), command), /"os\.system"/],
    ['posix.system', call(global('posix', 'system'), command), /"posix\.system"/],
    ['builtins.eval', call(global('builtins', 'eval'), command), /"builtins\.eval"/],
    ['a name from the stack', Buffer.concat([text('os'), text('system'), Buffer.from([0x93])]), /"os\.system"/],
    ['torch.load, which would', call(global('torch', 'load'), command), /"torch\.load"/],
    ['numpy.load, which would', call(global('numpy', 'load'), command), /"numpy\.load"/],
    ['torch.hub.load, which would', call(global('torch.hub', 'load'), command), /"torch\.hub\.load"/],
    ['a name it never calls', global('subprocess', 'Popen'), /"subprocess\.Popen"/],
    ['a name with a line break', Buffer.concat([text('a\nb'), text('c'), Buffer.from([0x93])]), /"a\\nb\.c"/],
    ['an instance of old classes', `(ios\nsystem\n`, /operation 105/],
    ['an object of old classes', `(${global('collections', 'OrderedDict')}o`, /operation 111/],
    ['a registered extension', Uint8Array.of(0x82, 1), /operation 130/],
    ['a call of what is no name', Buffer.concat([text('os'), tuple(command), Buffer.from('R')]), /no whole pickle/],
    ['numbers beyond its storage', tensor({ shape: [5], strides: [1] }), /tensor \[5\] in a storage of 16 bytes/],
    ['numbers before its storage', tensor({ offset: -1, shape: [2], strides: [1] }), /without a shape/],
    ['numbers far apart', tensor({ shape: [2], strides: [2 ** 30] }), /tensor \[2\] in a storage/],
    ['more numbers than fit', tensor({ shape: [2 ** 30, 2 ** 30], strides: [0, 0] }), /tensor \[1073741824/],
    ['a storage that is not there', tensor({ shape: [1], strides: [1], key: '../../etc/passwd' }), /are not there/],
    ['a storage of another size', tensor({ shape: [1], strides: [1], count: 9 }), /9 numbers in 16 bytes/],
    ['a text longer than the file', Uint8Array.of(0x8d, 0, 0, 0, 0, 0, 0, 0, 64), /no whole pickle/],
    ['a value that is not there', 'R', /no whole pickle/]
  ]
  it.each(asks)('that asks for %s', (_, data, message) => {
    const error = thrown(() => zip(pickle(data)))
    expect(error).toMatchObject({ code: 'format', message: expect.stringMatching(message) })
    expect(error.message).not.toContain('\n')
  })

  it('whose storage is a pickle of its own that asks for a program, or for itself', () => {
    const load = global('torch.storage', '_load_from_bytes')
    const inside = (data: Uint8Array): Uint8Array =>
      pickle(
        call(
          global('torch._utils', '_rebuild_tensor_v2'),
          call(load, Buffer.concat([Buffer.from('B'), new Uint8Array(Uint32Array.of(data.length).buffer), data])),
          int(0),
          tuple(int(1)),
          tuple(int(1))
        )
      )
    const program = pickle(call(global('os', 'system'), text('ls')))
    expect(thrown(() => readTorchPickle(inside(program), 'x.pkl')).message).toMatch(/"os\.system"/)
    const again = inside(inside(inside(program)))
    expect(thrown(() => readTorchPickle(again, 'x.pkl'))).toMatchObject({ code: 'format' })
  })

  it('that holds itself, nests without end, or doubles at every level', () => {
    expect(zip(pickle(']q', Uint8Array.of(0), 'h', Uint8Array.of(0), 'a')).arrays).toEqual([])
    expect(zip(pickle(']'.repeat(50_000) + 'a'.repeat(49_999))).arrays).toEqual([])
    const [put, get] = [Uint8Array.of(0x71, 0), Uint8Array.of(0x68, 0)]
    const levels = Array.from({ length: 30 }, () => [get, get, Uint8Array.of(0x86), put]).flat()
    expect(zip(pickle(']', put, ...levels)).arrays).toEqual([])
  })

  it('that sets what objects inherit', () => {
    zip(pickle('}(', text('__proto__'), '}(', text('polluted'), int(1), 'u', text('constructor'), int(1), 'u'))
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
  })
})

function thrown(work: () => unknown): LabError {
  try {
    work()
  } catch (error) {
    if (error instanceof LabError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
