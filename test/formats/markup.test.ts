import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { el, serialize, textOf } from '../../src/formats/markup'

describe('serialize', () => {
  it('writes elements, attributes and text', () => {
    const tree = el(
      'p',
      { class: 'a "b"', hidden: true, title: null, x: 1 / 3 },
      'x < y & z',
      el('br'),
      el('b', {}, '1')
    )
    expect(serialize(tree)).toBe('<p class="a &quot;b&quot;" hidden="" x="0.33">x &lt; y &amp; z<br><b>1</b></p>')
    expect(textOf(tree)).toBe('x < y & z1')
  })

  it('lets no text be anything but text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const html = serialize(el('p', { title: text }, text))
        const [, title = '', inside = ''] = /^<p title="([^"]*)">([^<]*)<\/p>$/s.exec(html) ?? []
        const back = inside.replace(
          /&(amp|lt|gt|quot|#39);/g,
          (_, name: string) => ({ amp: '&', lt: '<', gt: '>', quot: '"' })[name] ?? "'"
        )
        expect(title).toBe(inside)
        expect(back).toBe(text.replace(/[^\P{Cc}\t\n\r]|\p{Cs}|\uFFFE|\uFFFF/gu, '\uFFFD'))
      }),
      { numRuns: 2000, seed: 1 }
    )
  })
})
