/** `npx tsx test/formats/make-samples.ts`: writes test/fixtures/formats/azimuth, which companion/tests/test_formats.py reads. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sampleFiles } from './samples'

const folder = join(import.meta.dirname, '..', 'fixtures', 'formats', 'azimuth')
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
for (const { name, bytes } of sampleFiles()) writeFileSync(join(folder, name), bytes)
