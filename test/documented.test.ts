import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

/** Names that a text exports without a comment before them. */
function undocumented(text: string): readonly string[] {
  const source = ts.createSourceFile('a.ts', text, ts.ScriptTarget.Latest, true)
  return source.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) === true
    if (!isExported || ts.getJSDocCommentsAndTags(statement).length > 0) return []
    return [statement.getText().split('\n')[0] ?? '']
  })
}

it('finds an export that says nothing of itself', () => {
  expect(undocumented('/** Of the file. */\nimport a from "a"\nexport class Bare {}\nclass Own {}')).toEqual([
    'export class Bare {}'
  ])
  expect(undocumented('/** Said. */\nexport const said = 1\n')).toEqual([])
})

it.each(['workers', 'src/onnx'])('every export of %s says what it is', (folder) => {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  expect(files.length).toBeGreaterThan(15)
  const found = files.flatMap((name) =>
    undocumented(readFileSync(join(folder, name), 'utf8')).map((line) => `${name}: ${line}`)
  )
  expect(found).toEqual([])
})
