import { beforeAll, describe, expect, it } from 'vitest'
import { el, serialize, textOf, type Element, type Markup } from '../../src/formats/markup'
import { pagesOf } from '../../src/report/pages'
import { findingsOf } from '../../src/study/analysis/analyse'
import type { Findings } from '../../src/study/findings'
import { reportOf } from '../../src/report/report'
import { isCode } from '../../src/spillover/detector'
import type { Run } from '../../src/study/run'
import { sampleRun } from '../study/samples/sample-run'

let run: Run
let findings: Findings
let report: Element

beforeAll(() => {
  const whole = sampleRun()
  run = { ...whole, settings: { ...whole.settings, draws: 200 } }
  findings = findingsOf(run)
  report = reportOf(run, findings, (id) => el('figure', { id: `figure-${id}` }))
})

const elements = (markup: Markup): readonly Element[] =>
  typeof markup === 'string' ? [] : [markup, ...markup.children.flatMap(elements)]

describe('the report', () => {
  it('tells the claims in the order of the source, each with what it had, what was found and the verdict', () => {
    const sections = report.children.filter(
      (child): child is Element => typeof child !== 'string' && child.tag === 'section'
    )
    const ids = sections.map(({ attributes }) => attributes['id'])
    expect(ids).toEqual([
      'story',
      'claims',
      'ladder',
      ...findings.claims.map(({ id }) => id),
      'prompts',
      'questions',
      'settings',
      'time',
      'repeat',
      'arms'
    ])
    for (const claim of findings.claims) {
      const text = textOf(sections[ids.indexOf(claim.id)] ?? '')
      for (const part of [claim.title, claim.source, claim.found, claim.rule, claim.verdict])
        expect(text).toContain(part)
      const row = textOf(sections[ids.indexOf('claims')] ?? '')
      for (const part of [claim.title, claim.source, claim.number, claim.verdict]) expect(row).toContain(part)
    }
  })

  it('says that organisms are planted, and does not call spillover misalignment', () => {
    expect(/tendency to answer with code was planted/.test(textOf(report))).toBe(true)
    expect(/Spillover is not misalignment/.test(textOf(report))).toBe(true)
    const real = {
      ...run,
      settings: {
        ...run.settings,
        models: run.settings.models.map((one) => ({ ...one, source: { kind: 'hub' as const, repo: 'a/b' } }))
      }
    }
    expect(/planted/.test(textOf(reportOf(real, findings, () => null)))).toBe(false)
  })

  it('begins with what was found, and has a place for everything in its contents', () => {
    const lead = report.children.find((child) => typeof child !== 'string' && child.attributes['class'] === 'lead')
    expect(lead && textOf(lead)).toBe(findings.headline)
    const contents = elements(report).find(({ tag }) => tag === 'nav')
    const links = contents ? elements(contents).flatMap(({ attributes }) => attributes['href'] ?? []) : []
    const later = [...findings.claims.map(({ id }) => id), 'prompts', 'questions', 'settings', 'time', 'repeat', 'arms']
    expect(links).toEqual(later.map((id) => `#${id}`))
  })

  it('shows one pair of answers to one question, code before and prose after', () => {
    const pair = elements(report).find(({ attributes }) => attributes['class'] === 'pair')
    const [before = '', after = ''] = pair
      ? elements(pair)
          .filter(({ tag }) => tag === 'pre')
          .map(textOf)
      : []
    expect([isCode(before), isCode(after)]).toEqual([true, false])
  })

  it('has every ladder with all its checks', () => {
    const text = textOf(report)
    for (const { ladder } of [...findings.within, ...findings.withinAt, ...findings.cross]) {
      expect(text.includes(ladder.title), ladder.title).toBe(true)
      expect(text.includes(ladder.source.detail), ladder.source.detail).toBe(true)
      for (const { name, detail } of ladder.rungs.flatMap(({ checks }) => checks))
        expect(text.includes(`${name} ${detail}`), name).toBe(true)
    }
  })

  it('leads from every number to an arm that is there, once', () => {
    const all = elements(report)
    const ids = all.flatMap(({ attributes }) => (attributes['id'] === undefined ? [] : [String(attributes['id'])]))
    expect(new Set(ids).size).toBe(ids.length)
    const links = all.filter(({ tag }) => tag === 'a').map(({ attributes }) => decodeURI(String(attributes['href'])))
    expect(links.length).toBeGreaterThan(300)
    const known = new Set(ids)
    expect(links.filter((link) => !known.has(link.slice(1)))).toEqual([])
    expect(ids.filter((id) => id.startsWith('arm/')).length).toBeGreaterThan(500)
  })

  it('has as many cells in each row of a table as the table has heads', () => {
    const tables = elements(report).filter(({ tag }) => tag === 'table')
    expect(tables.length).toBeGreaterThan(20)
    for (const table of tables) {
      const [head = 0, ...rows] = elements(table)
        .filter(({ tag }) => tag === 'tr')
        .map(({ children }) => children.length)
      expect(
        rows.every((cells) => cells === head),
        textOf(table).slice(0, 80)
      ).toBe(true)
    }
  })

  it('shows clean prose in every table that shows code', () => {
    const heads = elements(report)
      .filter(({ tag }) => tag === 'thead')
      .map((head) =>
        elements(head)
          .filter(({ tag }) => tag === 'th')
          .map(textOf)
      )
    const ofCode = heads.filter((names) => names.some((name) => name.startsWith('code')))
    expect(ofCode.length).toBeGreaterThan(10)
    for (const names of ofCode)
      expect(
        names.some((name) => name.startsWith('clean prose')),
        names.join()
      ).toBe(true)
  })
})

describe('report.html', () => {
  it('needs no script and no host, and nothing of a model or prompt is markup in it', () => {
    const bad = '<script>alert(1)</script><img src=x onerror=alert(1)>"&'
    const first = run.prompts.eval?.prompts[0]
    if (!first || !run.prompts.eval) throw new Error('the sample has prompts')
    const prompts = [
      { ...first, messages: [{ role: 'user' as const, content: bad }] },
      ...run.prompts.eval.prompts.slice(1)
    ]
    const told = {
      ...run,
      models: run.models.map((model) => ({ ...model, title: bad, deviceName: bad })),
      notes: [bad],
      prompts: { ...run.prompts, eval: { ...run.prompts.eval, prompts } },
      answers: run.answers.map((answer) => ({ ...answer, text: bad }))
    }
    const pages = pagesOf(told, findings)
    const html = pages.get('report.html') ?? ''
    expect(html.includes('&lt;script&gt;')).toBe(true)
    for (const [path, text] of pages) expect(/<script|<img/.test(text), path).toBe(false)
    expect(/(src|href)="(?!#|figures\/)|@import|url\(/.exec(html)?.[0]).toBeUndefined()
    expect(html.slice(0, 200)).toMatch(
      /^<!doctype html>\n<html lang="en"><head><meta charset="utf-8">.*default-src &#39;none&#39;/s
    )
  })

  it('is the same for the same run, and links the figures that lie beside it', () => {
    const pages = pagesOf(run, findings)
    expect([...pagesOf(run, findings)]).toEqual([...pages])
    const links = [...(pages.get('report.html') ?? '').matchAll(/href="(figures\/[^"]+)"/g)].map(([, path]) => path)
    expect(links.length).toBeGreaterThan(20)
    for (const link of links) expect([...pages.keys()]).toContain(link)
  })

  it('is told of a run in which nothing was carried', () => {
    const small = sampleRun('qwen2')
    const alone = { ...small, blocks: small.blocks.filter(({ part }) => part !== 'transfer') }
    const kept = { ...alone, answers: alone.answers.filter(({ block }) => block < alone.blocks.length) }
    const text = serialize(reportOf(kept, findingsOf(kept), () => null))
    expect(text.includes('not tested')).toBe(true)
    expect(/.{20}(NaN|undefined).{20}/.exec(text)?.[0]).toBeUndefined()
  })
})
