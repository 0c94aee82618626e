import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LabError } from '../../src/errors'
import { compilePattern, patternBudget } from '../../src/formats/pattern'
import { readPeftConfig } from '../../src/formats/peft-config'

const path = 'model.layers.10.self_attn.q_proj'

/** As the engine's own pattern has it: the whole match's groups by their names. */
function native(source: string, text: string): Record<string, string | undefined> | null {
  const found = new RegExp(`^(?:${source})`).exec(text)
  return found && { ...found.groups }
}

function ours(source: string, text: string): Record<string, string> | null {
  const found = compilePattern(source, 'target_modules', patternBudget()).match(text)
  return found && Object.fromEntries(found)
}

it.each([
  ['.*\\.(q|k|v)_proj$', path],
  ['(?!.*vision).*(q_proj|k_proj)', path],
  ['^(?!.*mlp)(?=model).*?\\.(?<idx>\\d+)\\.', path],
  ['.*layers\\.(0|1[0-5]|2)\\..*', path],
  ['(?:^|.*?\\.)layers\\.(?<idx>\\d+)\\.', path],
  ['model\\.layers\\.\\d{1,2}\\.[^.]+\\.\\w+\\b$', path],
  ['.*(?<=attn\\.)q_proj', path],
  ['.*(?<!attn\\.)q_proj', path],
  ['(\\w+)\\.layers\\.\\1', 'model.layers.model'],
  ['(a|ab)(c|bcd)(d*)$', 'abcd'],
  ['', ''],
  ['[^]*', 'a\nb'],
  ['.', '\n'],
  ['a{2,3}?a', 'aaaa'],
  ['(?:){3}b', 'b'],
  ['(a?){4}b', 'aab'],
  ['\\Bb', 'b']
])('%s on %j is what the engine finds', (source, text) => {
  const [mine, its] = [ours(source, text), native(source, text)]
  expect(mine === null).toBe(its === null)
  for (const [name, value] of Object.entries(its ?? {})) if (value !== undefined) expect(mine?.[name]).toBe(value)
})

it('agrees with the engine on patterns that are drawn', () => {
  const atom = fc.constantFrom('a', 'b', '.', '\\d', '[ab]', '[^a]', '\\.', '\\b', '$', '(?=a)', '(?!b)', '(?<=a)')
  const { pattern } = fc.letrec<{ pattern: string; piece: string }>((tie) => ({
    piece: fc.oneof(
      { maxDepth: 3 },
      atom,
      tie('pattern').map((inside) => `(?:${inside})`),
      fc.tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{1,2}', '*?')).map(([inside, q]) => `(${inside})${q}`)
    ),
    pattern: fc
      .tuple(fc.array(tie('piece'), { maxLength: 3 }), fc.array(tie('piece'), { maxLength: 2 }))
      .map(([one, other]) => (other.length > 0 ? `${one.join('')}|${other.join('')}` : one.join('')))
  }))
  const text = fc.array(fc.constantFrom('a', 'b', '1', '.'), { maxLength: 8 }).map((all) => all.join(''))
  fc.assert(
    fc.property(pattern, text, (source, given) => {
      return (ours(source, given) === null) === (native(source, given) === null)
    }),
    { numRuns: 3000, seed: 3 }
  )
})

describe('a pattern that would not end', () => {
  const endless = [
    '(a+)+$',
    '(.*.*.*.*.*.*)*x$',
    '(\\w|\\d|[a-z0-9])*\\.$',
    '((a|aa)*)*!x',
    '(?:(?=(a|aa)+b)a)*c',
    `${'('.repeat(200)}a${')*'.repeat(200)}$`
  ]
  const name = `${'a'.repeat(60)}!`

  it.each(endless)('%s is refused by its name', (source) => {
    const began = process.cpuUsage()
    const { targets } = readPeftConfig(
      JSON.stringify({ peft_type: 'LORA', r: 4, lora_alpha: 4, target_modules: source })
    )
    const ask = (): unknown =>
      Array.from({ length: 50 }, () => [name, path, 'a'.repeat(900)].map((one) => targets?.(one)))
    expect(ask).toThrow(expect.objectContaining({ code: 'adapter', name: 'LabError' }))
    expect(process.cpuUsage(began).user / 1e6).toBeLessThan(2)
  })

  it.each(['rank_pattern', 'alpha_pattern'])('in %s', (field) => {
    const config = { peft_type: 'LORA', r: 4, lora_alpha: 4, [field]: { '(a+)+': 8 } }
    const read = readPeftConfig(JSON.stringify(config))
    expect(() => [read.rankOf(`${name}`), read.loraAlphaOf(name)]).toThrow(LabError)
  })

  it('in layers_pattern', () => {
    const config = { peft_type: 'LORA', r: 4, lora_alpha: 4, target_modules: ['q_proj'] }
    const { targets } = readPeftConfig(
      JSON.stringify({ ...config, layers_to_transform: [1], layers_pattern: ['(a+)+x'] })
    )
    expect(() => targets?.(`${name}.q_proj`)).toThrow(LabError)
  })
})

it('what is no pattern is told, shortly and on one line', () => {
  const config = { peft_type: 'LORA', r: 4, lora_alpha: 4, target_modules: `(\n${'x'.repeat(5000)}` }
  const failure = (): unknown => readPeftConfig(JSON.stringify(config))
  expect(failure).toThrow(/^target_modules holds \(\?:\( x+…, which is no regular expression/)
})
