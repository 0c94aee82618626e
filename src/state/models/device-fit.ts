/** Whether this device can run a model that has not been fetched: a guess from what the browser tells. */
import type { Device, Dtype } from '../../lab/api'
import type { DeviceSigns } from '../../lab/device'
import { estimateWeights, type FamilyModel, type WeightEstimate } from './family-models'

export type Chance = 'likely' | 'tight' | 'unlikely'

export interface DeviceFit {
  readonly chance: Chance
  /** One sentence. */
  readonly reason: string
}

/** The runtime with its kernels, a cache of about 1,000 tokens and a prompt's activations: an allowance, not a measurement. */
const workingBytes = 0.5e9
/** WebAssembly's memory ends at 4 GiB, and the runtime takes a part. */
const wasmBytes = 3.5 * 2 ** 30

const ranks: readonly Chance[] = ['likely', 'tight', 'unlikely']

/** The weights that would be opened: the reader's choice, else those that are best for the device. */
export function likelyDtype(signs: DeviceSigns, device: Device | null, dtype: Dtype | null): Dtype {
  return dtype ?? (signs.gpu?.half && device !== 'wasm' ? 'q4f16' : 'q4')
}

/** The worst that can be told of the device, with its reason. */
export function judgeFit(
  model: FamilyModel,
  signs: DeviceSigns,
  { device, dtype }: { readonly device: Device | null; readonly dtype: Dtype | null }
): DeviceFit {
  const weights = estimateWeights(model, likelyDtype(signs, device, dtype))
  const gpu = device === 'wasm' ? null : signs.gpu
  const found = [gpu ? judgeBuffer(weights, gpu.largestBuffer) : judgeWasm(weights), judgeMemory(weights, signs.memory)]
  return found.reduce((worst, next) => (ranks.indexOf(next.chance) > ranks.indexOf(worst.chance) ? next : worst))
}

function judgeBuffer({ leastTensor, mostTensor }: WeightEstimate, largest: number): DeviceFit {
  const limit = `one buffer of this GPU holds ${gigabytes(largest)}`
  if (leastTensor > largest) {
    return { chance: 'unlikely', reason: `its table of tokens has ${gigabytes(leastTensor)} or more, ${limit}` }
  }
  if (mostTensor > largest) {
    return { chance: 'tight', reason: `its table of tokens may have ${gigabytes(mostTensor)}, ${limit}` }
  }
  return { chance: 'likely', reason: 'on WebGPU; how much memory the GPU has no browser tells' }
}

function judgeWasm({ least }: WeightEstimate): DeviceFit {
  const need = least + workingBytes
  if (need > wasmBytes) {
    return {
      chance: 'unlikely',
      reason: `it needs ${gigabytes(need)} or more, WebAssembly has ${gigabytes(wasmBytes)}`
    }
  }
  return { chance: 'tight', reason: 'on WebAssembly, without a GPU, it answers slowly' }
}

/** While a model opens its weights lie in the tab and on the device at once. */
function judgeMemory({ least, most }: WeightEstimate, memory: number | null): DeviceFit {
  const peak = (bytes: number): number => 2 * bytes + workingBytes
  if (memory === null) return { chance: 'tight', reason: 'this browser does not tell how much memory there is' }
  const told = `this browser tells of ${gigabytes(memory)}`
  if (peak(least) > memory) {
    return { chance: 'unlikely', reason: `opening takes ${gigabytes(peak(least))} or more, ${told}` }
  }
  if (peak(most) > memory / 2) {
    return { chance: 'tight', reason: `opening takes up to ${gigabytes(peak(most))} for a moment, ${told}` }
  }
  return { chance: 'likely', reason: `opening takes up to ${gigabytes(peak(most))} for a moment, ${told}` }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`
}
