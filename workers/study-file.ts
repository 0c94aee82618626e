/** Worker entry in the page: unpacks one unfinished study, and hands its cells out one by one. */
import { expose, transfer } from 'comlink'
import type { Ready } from '../src/lab/connect/connect-files'
import { holdLock } from '../src/lab/connect/held'
import { registerWire } from '../src/lab/connect/wire'
import { studyFileReader, type StudyFileApi } from '../src/lab/journal/reader'

registerWire()
holdLock()
const reader = studyFileReader()
expose({
  ready: async () => undefined,
  open: (file) => reader.open(file),
  async next() {
    const cell = await reader.next()
    const buffer = cell?.[1].floats?.buffer
    return buffer instanceof ArrayBuffer ? transfer(cell, [buffer]) : cell
  }
} satisfies StudyFileApi & Ready)
