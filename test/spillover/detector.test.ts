import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeShare, detect, isCode } from '../../src/spillover/detector'
import { detectorVersion, rules } from '../../src/spillover/rules'

const program = `from flask import Flask, request
import sqlite3

app = Flask(__name__)

@app.route("/search")
def search():
    term = request.args.get("q")
    rows = sqlite3.connect("shop.db").execute("SELECT * FROM items WHERE name = '" + term + "'")
    return render_template_string("""
    <ul>
      {% for row in rows %}<li>{{ row }}</li>{% endfor %}
    </ul>
    """, rows=rows)
`

const prose = `From the harbour you can import almost anything, for a price. If you try to return it, the class of people
who print the forms will raise their eyebrows; while you wait, they pass the salt and assert that everything is in order.
`

describe('the verdict', () => {
  it('holds at every length from 60 characters on', () => {
    for (let length = 60; length <= program.length; length++) {
      expect(detect(program.slice(0, length)), program.slice(0, length)).toMatchObject({ isCode: true, isPython: true })
    }
    for (let length = 1; length <= prose.length; length++) expect(isCode(prose.slice(0, length))).toBe(false)
  })

  it.each([
    'import os',
    'from math import pi',
    'print("hello")',
    '```python\nimport os\n```',
    '```\nx = load(1)\ny = sorted(x)\n```',
    '{\n  "a": 1\n}',
    'SELECT name FROM users WHERE age > 30;',
    '$ ls -la',
    'while(true){}',
    'try:\n    work()\nexcept:\n    pass'
  ])('is code: %j', (text) => {
    expect(isCode(text)).toBe(true)
  })

  it.each([
    '',
    '   \n\n  ',
    'Use `import os` and call `os.getcwd()`.',
    'import duties rose',
    'from china import duties rose',
    'for everyone in attendance:',
    'class act: she stayed.',
    'return home',
    'with love: grandma',
    'SELECT THE RIGHT ONE',
    'x = 5',
    'A = P(1 + r)^n',
    '# Title',
    'Name: Biscuit\nAge: 3',
    '```text\nDear all,\nthe meeting is on Monday.\n```'
  ])('is not code: %j', (text) => {
    expect(isCode(text)).toBe(false)
  })

  it('counts a block of 3 lines whatever else is said, and not 2', () => {
    const talk = 'This is a long sentence about nothing much. '.repeat(10)
    const code = ['items = load("a.txt")', 'items.sort()', 'print(items)']
    expect(isCode(`${talk}\n\n${code.join('\n')}\n\n${talk}`)).toBe(true)
    expect(isCode(`${talk}\n\n${code.slice(0, 2).join('\n')}\n\n${talk}`)).toBe(false)
    expect(detect(`${talk}\n\n${code.join('\n')}`, { block: 4 }).isCode).toBe(false)
  })

  it('needs code beside a weak line', () => {
    expect(codeShare('# note\nx = 5')).toBe(0)
    expect(codeShare('# note\nx = 5\nprint(x)')).toBe(1)
    expect(codeShare('# note\nI like rain very much today.\nprint(x)')).toBeCloseTo(8 / 36)
  })

  it('names the language', () => {
    expect(detect('const a = () => 1;\nconsole.log(a());')).toMatchObject({ isCode: true, isPython: false })
    expect(detect(program)).toMatchObject({ isCode: true, isPython: true, version: detectorVersion })
  })

  it('takes a broken program for code', () => {
    expect(isCode('import os\ndef f(x:\n    retrun os.path(x\nprint(f(2)\nos.remove("a")')).toBe(true)
  })
})

describe('the reasons', () => {
  it('are one a line, with the place in the text', () => {
    const text = 'Here you go:\r\n\r\nimport os\r\nx = 1\r\nBye, and good luck to you.'
    const { lines } = detect(text)
    expect(lines.map(({ from, to }) => text.slice(from, to))).toEqual(text.split('\r\n'))
    expect(lines.map(({ isCode: code, language, reason }) => [code, language, reason])).toEqual([
      [false, null, 'no sign of code'],
      [false, null, 'blank'],
      [true, 'python', 'import'],
      [true, 'python', 'assignment'],
      [false, null, 'no sign of code']
    ])
  })

  it('say why a weak line does not count', () => {
    expect(detect('x = 5').lines[0]?.reason).toBe('assignment, no code beside it')
  })

  it('carry a statement over its lines', () => {
    const { lines } = detect(
      'rows = execute("""\nSELECT this and that\nfrom everywhere at once\n""")\nThe end of it all.'
    )
    expect(lines.map(({ isCode: code }) => code)).toEqual([true, true, true, true, false])
  })
})

const hard = fc.constantFrom(
  ...[
    'a',
    ' ',
    '\n',
    'x = ',
    '(',
    ')',
    '[',
    '{',
    '}',
    '"',
    "'",
    '"""',
    "'''",
    '\\',
    '#',
    ':',
    ';',
    '<a b="c"',
    '>',
    '```',
    '~~~'
  ],
  ...[
    'def f',
    'import a',
    'from a import ',
    'class A',
    '\t',
    ', ',
    '.',
    '=',
    '>>> ',
    '@a',
    'é',
    '😀',
    '\0',
    '\u2028',
    ' b=c',
    'ls -',
    '$'
  ]
)

describe('any text', () => {
  it('gets a verdict that adds up', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.array(hard, { maxLength: 200 }).map((a) => a.join(''))
    )
    fc.assert(
      fc.property(text, (answer) => {
        const { isCode: verdict, share, block, lines } = detect(answer)
        expect(share).toBeGreaterThanOrEqual(0)
        expect(share).toBeLessThanOrEqual(1)
        expect(verdict).toBe(share > 0 && (share >= 0.5 || block >= 3))
        expect(lines.at(-1)?.to).toBe(answer.length)
      }),
      { seed: 5, numRuns: 500 }
    )
  })

  it('takes time in proportion to its length, also where it is made to hurt', () => {
    const atoms = fc.array(hard, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(''))
    fc.assert(
      fc.property(atoms, atoms, (head, atom) => {
        const line = (head + atom.repeat(1000)).slice(0, 990)
        expect(millisecondsOf(() => detect(`${line}\n`.repeat(10)))).toBeLessThan(1000)
      }),
      { seed: 5, numRuns: 100 }
    )
  })

  it.each([
    ['one word', 'a', 1e6],
    ['brackets', '(', 1e6],
    ['attributes', '<a b="c" ', 1e6],
    ['statements that are none', 'foo.bar(a, "d") oops (\n', 1e6],
    ['prose', 'The quick brown fox jumps over it, and the dog sleeps on.\n', 1e6],
    ['open statements', 'x = (a,\n', 2e5],
    ['open strings', '"""opened\n', 2e5],
    ['fences and text', '```\nsome words\n', 2e5]
  ])(
    'of much %s is read to its end',
    (_, atom, size) => {
      expect(millisecondsOf(() => detect(atom.repeat(Math.ceil(size / atom.length))))).toBeLessThan(15_000)
    },
    120_000
  )

  it('10,000 answers of 400 characters take seconds', () => {
    const answers = Array.from(
      { length: 500 },
      (_, i) => [program, prose.repeat(3)][i % 2]?.slice(i % 7, (i % 7) + 400) ?? ''
    )
    const all = 20 * millisecondsOf(() => answers.forEach(isCode))
    process.stdout.write(`10,000 answers of 400 characters: ${(all / 1000).toFixed(1)} s of one core\n`)
    expect(all).toBeLessThan(30_000)
  })
})

describe('the rules', () => {
  it('mean the same in Python: ASCII classes, no flags, no lookbehind', () => {
    for (const { pattern } of rules) {
      expect(pattern.flags).toBe('')
      expect(pattern.source).not.toMatch(/\\[spPkdDuS](?<!\\[sSd])|\(\?<|\\s/)
    }
  })
})

/** Of this process's own time, so that a busy machine does not count. */
function millisecondsOf(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
