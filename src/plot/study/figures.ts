/** All figures of a run, in the order of its report. Those that a run has nothing for are left out. */
import type { Findings } from '../../study/findings'
import type { Run } from '../../study/run'
import { alphaMap } from './alpha-map'
import { densities } from './densities'
import { doseResponse } from './dose'
import type { Figure } from './figure'
import { transferHeatmap } from './heatmap'
import { layerCurves } from './layers'
import { mapsChart } from './maps'
import { seedsPanel } from './seeds'
import { controlStrips, transferStrips } from './strips'
import { timesChart } from './times'
import { topologyGraph } from './topology'

/** By id. */
export function figuresOf(run: Run, { within, cross, topology }: Findings): ReadonlyMap<string, Figure> {
  const conditions = [
    ...new Map(cross.map(({ anchors, alpha }) => [`${anchors} ${alpha}`, { anchors, alpha }])).values()
  ]
  const all = [
    layerCurves(run),
    densities(run),
    doseResponse(run, within),
    controlStrips(run, within),
    seedsPanel(run, within),
    alphaMap(run),
    mapsChart(run),
    ...topology.map((one) => transferHeatmap(run, one)),
    ...conditions.map(({ anchors, alpha }) => transferStrips(run, cross, anchors, alpha)),
    topologyGraph(run, topology, cross),
    timesChart(run)
  ]
  return new Map(all.filter(({ panels }) => panels.length > 0).map((figure) => [figure.id, figure]))
}
