/** An open model's card as JSON holds it. */
import { readModel } from '../../direction/files/metadata'
import type { Fields } from '../../formats/record'
import type { Device, Dtype, ModelInfo } from '../../lab/api'

/** Every dtype, for readers of files. */
export const dtypeNames: Readonly<Record<Dtype, true>> = { q4: true, q4f16: true, q8: true, fp16: true, fp32: true }
/** Every device, for readers of files. */
export const devices: Readonly<Record<Device, true>> = { webgpu: true, wasm: true, cpu: true }

/** @throws LabError `format` that names the field */
export function readModelInfo(fields: Fields): ModelInfo {
  const [memory, timing] = [fields.object('memory'), fields.object('timing')]
  return {
    ...readModel(fields),
    dtype: fields.choice('dtype', dtypeNames),
    name: fields.text('name'),
    family: fields.text('family'),
    layers: fields.natural('layers'),
    width: fields.natural('width'),
    vocabulary: fields.natural('vocabulary'),
    contextLength: fields.natural('contextLength'),
    template: fields.flag('template'),
    ...(fields.has('window') && { window: fields.natural('window') }),
    device: fields.choice('device', devices),
    deviceReason: fields.text('deviceReason'),
    deviceName: fields.text('deviceName'),
    write: fields.choice('write', { none: true, add: true, affine: true }),
    adapt: fields.flag('adapt'),
    expanded: fields.flag('expanded'),
    memory: {
      weights: memory.number('weights'),
      cachePerToken: memory.number('cachePerToken'),
      peak: memory.number('peak')
    },
    timing: { instrument: timing.number('instrument'), session: timing.number('session') }
  }
}
