import { describe, expect, it } from 'vitest'
import { codeShare, detect, isCode } from '../../src/spillover/detector'
import { detectorVersion } from '../../src/spillover/rules'
import { fresh, labelled, score, verdictFile } from './labelled'

const splits = ['dev', 'held-out', 'hard'] as const

function print(title: string, rows: readonly string[]): void {
  process.stdout.write(`${title}\n${rows.map((row) => `  ${row}\n`).join('')}`)
}

function share(value: number): string {
  return Number.isNaN(value) ? '    -' : value.toFixed(3)
}

describe('the labelled answers', () => {
  it('are many, of many kinds, each once', () => {
    expect(labelled.length).toBeGreaterThanOrEqual(300)
    expect(new Set(labelled.map(({ text }) => text)).size).toBe(labelled.length)
    expect(new Set(labelled.map(({ label, kind }) => `${label} ${kind}`)).size).toBeGreaterThanOrEqual(12)
  })

  it.each(splits)('%s: precision and recall', (split) => {
    const rows = labelled.filter((row) => row.split === split)
    const all = score(rows, isCode)
    const kinds = [...new Set(rows.map(({ label, kind }) => `${label} ${kind}`))].toSorted()
    print(
      `${detectorVersion} on ${all.n} ${split} answers: precision ${share(all.precision)}, recall ${share(all.recall)}`,
      [
        ...kinds.map((name) => {
          const some = score(
            rows.filter(({ label, kind }) => `${label} ${kind}` === name),
            isCode
          )
          return `${name.padEnd(20)} ${String(some.n).padStart(3)} answers, ${share(some.accuracy)} right`
        }),
        ...all.wrong.map(({ label, text }) => `wrong: ${label} ${JSON.stringify(text.slice(0, 100))}`)
      ]
    )
    expect(all.precision).toBeGreaterThanOrEqual(0.97)
    expect(all.recall).toBeGreaterThanOrEqual(0.97)
  })

  it('fresh: short answers of the kinds that were missed', () => {
    expect(new Set(fresh.map(({ text }) => text)).size).toBe(200)
    const all = score(fresh, isCode)
    print(
      `${detectorVersion} on ${all.n} fresh answers: precision ${share(all.precision)}, recall ${share(all.recall)}`,
      all.wrong.map(({ label, text }) => `wrong: ${label} ${JSON.stringify(text.slice(0, 100))}`)
    )
    expect(all.precision).toBe(1)
    expect(all.recall).toBeGreaterThanOrEqual(0.95)
  })

  it('hardly depends on where the lines are drawn', () => {
    const settings = [
      ...[0.3, 0.4, 0.5, 0.6, 0.7].map((least) => ({ share: least, block: 3 })),
      ...[2, 4, 5].map((block) => ({ share: 0.5, block }))
    ]
    const scores = settings.map((options) => ({
      options,
      ...score(labelled, (text) => detect(text, options).isCode)
    }))
    print(
      'all answers, by threshold',
      scores.map(
        ({ options, precision, recall }) =>
          `share ${options.share}, block ${options.block}: precision ${share(precision)}, recall ${share(recall)}`
      )
    )
    for (const { accuracy } of scores) expect(accuracy).toBeGreaterThan(0.95)
  })

  it('grades: code answers are mostly code, prose hardly', () => {
    const meanShare = (label: string): number => {
      const shares = labelled.filter((row) => row.label === label).map(({ text }) => codeShare(text))
      return shares.reduce((sum, value) => sum + value, 0) / shares.length
    }
    expect(meanShare('code')).toBeGreaterThan(0.9)
    expect(meanShare('prose')).toBeLessThan(0.05)
  })

  it('does not change a verdict in silence: the Python detector is held to these', async () => {
    await expect(verdictFile(labelled.map(({ text }) => text))).toMatchFileSnapshot('labelled-verdicts.jsonl')
    await expect(verdictFile(fresh.map(({ text }) => text))).toMatchFileSnapshot('fresh-verdicts.jsonl')
  })
})
