import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readGiven } from '../../../workers/host/given-file'

const folder = mkdtempSync(join(tmpdir(), 'azimuth-given-'))
const file = join(folder, 'a')
writeFileSync(file, 'four')
afterAll(() => rmSync(folder, { recursive: true }))

describe('a file that a command is given', () => {
  it('is read whole, up to its limit', async () => {
    expect(new TextDecoder().decode(await readGiven(file, 4, 'a file'))).toBe('four')
  })

  it('is refused before it is read where it is too large, also beyond what Node reads at once', async () => {
    await expect(readGiven(file, 3, 'a file')).rejects.toMatchObject({ name: 'LabError', code: 'memory' })
    const image = join(folder, 'image')
    writeFileSync(image, '')
    truncateSync(image, 2 ** 40)
    await expect(readGiven(image, 1 << 20, 'a file')).rejects.toMatchObject({
      code: 'memory',
      message: expect.stringMatching(/has 1099511627776 bytes, 1048576 can be read: give a file/)
    })
  })

  it.each(['/dev/zero', folder, join(folder, 'nowhere'), `${folder}/${'x'.repeat(3000)}`])(
    '%s is none, and the error says so on one line',
    async (path) => {
      const error: unknown = await readGiven(path, 1 << 20, 'a bundle of a run').catch((cause: unknown) => cause)
      expect(error).toMatchObject({ name: 'LabError', code: 'format', message: expect.stringMatching(/^.{1,500}$/) })
      expect(error).toMatchObject({ message: expect.stringMatching(/: give a bundle of a run$/) })
    }
  )
})
