/** An open model's card as JSON holds it. */
import { modelFields } from '../../direction/files/metadata'
import { choice, flag, ifThere, natural, number, object, text, type Schema } from '../../formats/schema'
import type { ModelInfo } from '../../lab/api'
import { devices, dtypes } from '../../lab/dtype'

/** An open model's facts as a session file holds them. A reader with it throws LabError `format`. */
export const modelInfoSchema: Schema<ModelInfo> = object({
  ...modelFields,
  dtype: choice(dtypes),
  name: text,
  family: text,
  layers: natural,
  width: natural,
  vocabulary: natural,
  contextLength: natural,
  template: flag,
  window: ifThere(natural),
  limit: ifThere(number),
  device: choice(devices),
  deviceReason: text,
  deviceName: text,
  write: choice({ none: true, add: true, affine: true }),
  adapt: flag,
  expanded: flag,
  memory: object({ weights: number, cachePerToken: number, peak: number }),
  timing: object({ instrument: number, session: number })
})
