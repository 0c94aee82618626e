/** A prompt file of any format, Parquet among them, whose reader is loaded when one is brought. */
import { readPrompts } from '../prompts'
import { shortName } from '../text'
import type { PromptList } from './list'

const magic = [0x50, 0x41, 0x52, 0x31] // PAR1

/** True where a file begins as Parquet does. */
export function isParquet(file: Uint8Array): boolean {
  return magic.every((byte, i) => file[i] === byte)
}

/** The prompts of a file, by its name's ending or, for Parquet, by how it begins. @throws LabError `format`, `memory` */
export async function readPromptFile(name: string, file: Uint8Array<ArrayBuffer>): Promise<PromptList> {
  if (!isParquet(file)) return readPrompts(name, file)
  const { readParquetPrompts } = await import('./parquet')
  return readParquetPrompts(shortName(name), file)
}
