import { expect, it } from 'vitest'
import { showToken } from '../../src/ui/words/tokens'

it('leaves nothing of a token unseen, and nothing unsaid', () => {
  expect(
    [' joy', 'joy', '\n\n', '\t}', '', ' ', '<b>', '\u200b', 'a\u202eb', '\u00a0x', '\u65e5\u672c', '\u{1f600}'].map(
      (text) => {
        const { shown, spoken } = showToken(text)
        return [shown, spoken]
      }
    )
  ).toEqual([
    ['\u2423joy', 'space joy'],
    ['joy', 'joy'],
    ['\u21b5\u21b5', 'line break line break'],
    ['\u21e5}', 'tab }'],
    ['\u2205', 'empty'],
    ['\u2423', 'space'],
    ['<b>', '<b>'],
    ['\\u{200B}', 'character 200B'],
    ['a\\u{202E}b', 'a character 202E b'],
    ['\\u{00A0}x', 'character 00A0 x'],
    ['\u65e5\u672c', '\u65e5\u672c'],
    ['\u{1f600}', '\u{1f600}']
  ])
})
