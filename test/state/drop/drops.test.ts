/** Files that are dropped anywhere: what they are by what they hold, where they go, and what the page says. */
import { describe, expect, it } from 'vitest'
import { writeDirections } from '../../../src/direction/files/files'
import { writeZip } from '../../../src/formats/zip-write'
import { floatTensor, writeSafetensors } from '../../../src/formats/safetensors'
import { Drops, type Said } from '../../../src/state/drop/drops.svelte'
import { kindOf, type DroppedFiles } from '../../../src/state/drop/file-kind'
import { presetSettings } from '../../../src/study/presets'
import { Lab } from '../../../src/state/lab.svelte'
import { fakeOutside } from '../../fake-lab'

const drop = (
  ...files: readonly (readonly [path: string, content: string | Uint8Array<ArrayBuffer>])[]
): DroppedFiles => ({
  name: files[0]?.[0] ?? '',
  files: files.map(([path, content]) => ({ path, blob: new Blob([content]) }))
})
const zip = async (...paths: readonly string[]): Promise<Uint8Array<ArrayBuffer>> =>
  writeZip(paths.map((path) => ({ path, bytes: new TextEncoder().encode('{}') })))
const tensors = (name: string, shape: readonly number[]): Uint8Array<ArrayBuffer> =>
  writeSafetensors(new Map([[name, floatTensor(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1))]]))

async function openLab(): Promise<Lab> {
  const lab = new Lab(fakeOutside({ layers: 6 }))
  await lab.opening.choose({ kind: 'hub', repo: 'owner/fake' })
  return lab
}

async function said(lab: Lab, files: DroppedFiles): Promise<Said | null> {
  const drops = new Drops(lab)
  await drops.take(files)
  expect(drops.isBusy).toBe(false)
  return drops.said
}

describe('what a file is', () => {
  it.each([
    ['session', ['session.json', 'tensors/a.safetensors']],
    ['run', ['run.json', 'rows.jsonl']],
    ['study', ['journal.jsonl']],
    ['adapter', ['lora/adapter_config.json', 'lora/adapter_model.safetensors']]
  ])('a zip by its contents, whatever its name: %s', async (kind, paths) => {
    expect(await kindOf(drop(['download.bin', await zip(...paths)]))).toMatchObject({ kind })
  })

  it('a folder by its files', async () => {
    const graph = await kindOf(drop(['config.json', '{}'], ['onnx/model_q4.onnx', 'x']))
    expect(graph).toMatchObject({ kind: 'model', source: { kind: 'files' } })
    const lora = await kindOf(drop(['adapter_config.json', '{}'], ['adapter_model.safetensors', 'x']))
    expect(lora).toMatchObject({ kind: 'adapter', source: { kind: 'files' } })
  })

  it.each([
    ['vector.json', JSON.stringify({ layer: 1, vector: [1, 0] }), 'directions'],
    ['no-ending', JSON.stringify([{ prompt: 'a' }]), 'prompts'],
    ['list', 'one\ntwo\n', 'prompts'],
    ['list.csv', 'prompt\none\n', 'prompts'],
    ['states.json', JSON.stringify({ format: 'azimuth.hidden-states' }), 'capture']
  ])('%s by its text', async (name, text, kind) => {
    expect(await kindOf(drop([name, text]))).toMatchObject({ kind })
  })

  it('tensors by their names and shapes, under any ending', async () => {
    expect(await kindOf(drop(['a.bin', tensors('layer.3', [8])]))).toMatchObject({ kind: 'directions' })
    await expect(kindOf(drop(['a.bin', tensors('x.lora_A.weight', [8, 2])]))).rejects.toThrow(/without adapter_config/)
    await expect(kindOf(drop(['a.bin', tensors('h', [2, 2, 2])]))).rejects.toThrow(/neither directions nor hidden/)
  })

  it.each<[string, string | Uint8Array<ArrayBuffer>, RegExp]>([
    ['photo.txt', Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0), /"photo.txt" is a PNG image. Azimuth takes prompts/],
    ['paper.pdf', '%PDF-1.7', /is a PDF/],
    ['adapter_model.bin', Uint8Array.of(0x80, 0x02, 0), /pickle, which is never read/],
    ['model.onnx', 'x', /a graph without its model/],
    ['tool.py', 'print(1)', /a text file \(\.py\): name it .txt/],
    ['blob', Uint8Array.of(1, 2, 0, 4), /a binary file of an unknown kind/],
    ['config.json', '{"model_type":"llama"}', /config alone/]
  ])('says what was seen and what would fit for %s', async (name, content, message) => {
    await expect(kindOf(drop([name, content]))).rejects.toMatchObject({
      code: 'format',
      message: expect.stringMatching(message)
    })
    await expect(kindOf(drop([name, content]))).rejects.toThrow(/Azimuth takes/)
  })

  it('says so for an odd zip, an empty drop and files of several kinds', async () => {
    await expect(kindOf(drop(['a.zip', await zip('one.txt', 'two.txt')]))).rejects.toThrow(
      /a zip with "one.txt" and 1 more/
    )
    await expect(kindOf(drop(['a.zip', await zip('onnx/model.onnx')]))).rejects.toThrow(/unpack it/)
    await expect(kindOf({ name: 'empty', files: [] })).rejects.toThrow(/"empty" is empty/)
    const mixed = drop(['a.txt', 'one'], ['b.json', JSON.stringify({ vector: [1] })])
    await expect(kindOf(mixed)).rejects.toThrow(/several kinds/)
  })
})

describe('a drop', () => {
  it('adds prompts as sets, and says how many', async () => {
    const lab = await openLab()
    const files = drop(['one.txt', 'a\nb'], ['two.jsonl', '{"prompt":"c"}\n'])
    expect(await said(lab, files)).toEqual({ text: 'Added 3 prompts as 2 sets.', view: 'prompts', isFailure: false })
    expect(lab.sets.all.map(({ name }) => name)).toEqual(expect.arrayContaining(['one', 'two']))
  })

  it('puts a direction in use, attaches an adapter and opens a model', async () => {
    const lab = await openLab()
    await lab.inUse.run()
    const direction = lab.inUse.fit?.directions[2]
    if (!direction) throw new Error('nothing was fitted')
    const [file] = writeDirections([direction], { format: 'gguf', name: 'd' })
    if (file) expect(await said(lab, drop([file.name, file.bytes]))).toMatchObject({ view: 'directions' })
    expect(lab.fits.chosen).toMatchObject({ kind: 'imported' })
    const lora = drop(['adapter_config.json', '{}'], ['adapter_model.safetensors', 'x'])
    expect((await said(lab, { ...lora, name: 'lora' }))?.text).toBe('Attached the adapter \u201clora\u201d to fake.')
    const model = drop(['config.json', '{}'], ['onnx/model.onnx', 'x'])
    expect(await said(lab, { ...model, name: 'mine' })).toMatchObject({ view: 'models', isFailure: false })
    expect(lab.models.list).toHaveLength(2)
  })

  it('takes in an unfinished study and a session', async () => {
    const lab = await openLab()
    const journal = `${JSON.stringify({ key: 'study', json: { settings: presetSettings('demo') } })}\n`
    const study = await writeZip([{ path: 'journal.jsonl', bytes: new TextEncoder().encode(journal) }])
    expect(await said(lab, drop(['s.zip', study]))).toMatchObject({ view: 'study', isFailure: false })
    expect(lab.study.kept.list).toHaveLength(1)
    const session = new Uint8Array(await (await lab.sharing.save()).arrayBuffer())
    expect(await said(lab, drop(['s.azimuth', session]))).toMatchObject({
      text: 'All of this session is here already.'
    })
  })

  it('says why nothing was opened', async () => {
    const lab = new Lab(fakeOutside({ layers: 6 }))
    const lora = drop(['adapter_config.json', '{}'], ['adapter_model.safetensors', 'x'])
    expect(await said(lab, { ...lora, name: 'lora' })).toMatchObject({
      isFailure: true,
      text: expect.stringContaining('open its base first')
    })
    const other = await openLab()
    const foreign = drop(['v.json', JSON.stringify({ layer: 1, vector: [1, 0, 0] })])
    expect(await said(other, foreign)).toMatchObject({
      isFailure: true,
      text: expect.stringMatching(/^Nothing was opened: /)
    })
    expect(await said(other, drop(['bad.zip', await zip('run.json')]))).toMatchObject({ isFailure: true })
  })
})
