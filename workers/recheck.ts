/** Worker entry in the page: whether a finished run says what follows from its rows, worked out beside the page. */
import { expose } from 'comlink'
import { registerWire } from '../src/lab/connect/wire'
import type { RecheckApi } from '../src/lab/connect/connect-recheck'
import { findingsSteps } from '../src/study/analysis/analyse'
import { readBundle } from '../src/study/files/bundle'
import { recheck } from '../src/study/files/recheck'

/** Reports between two steps of the work, and not at each of them. */
const patienceMs = 100

registerWire()
expose({
  async check(bytes, onShare) {
    const bundle = await readBundle(bytes)
    const steps = findingsSteps(bundle.run)
    let told = performance.now()
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done) return recheck(bundle, { findings: step.value })
      if (performance.now() - told < patienceMs) continue
      told = performance.now()
      onShare(step.value)
    }
  }
} satisfies RecheckApi)
