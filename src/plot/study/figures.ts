/** All figures of a run, in the order of its report. Those that a run has nothing for are left out. */
import type { Findings } from '../../study/findings'
import type { Run } from '../../study/run'
import { alphaMap } from './alpha-map'
import { densities } from './densities'
import { doseResponse } from './dose'
import type { Figure } from './figure'
import { transferHeatmap } from './heatmap'
import { layerCurves } from './layers'
import { ladderPicture } from './ladder'
import { mapsChart } from './maps'
import { seedsPanel } from './seeds'
import { storyFigure } from './story'
import { controlStrips, transferStrips } from './strips'
import { transferSweep } from './sweep'
import { timesChart } from './times'
import { topologyGraph } from './topology'

/** By id. */
export function figuresOf(run: Run, findings: Findings): ReadonlyMap<string, Figure> {
  const { within, cross, topology } = findings
  const conditions = [
    ...new Map(cross.map(({ anchors, alpha }) => [`${anchors} ${alpha}`, { anchors, alpha }])).values()
  ]
  const anchors = [...new Set(cross.map((one) => one.anchors))]
  const all = [
    storyFigure(run, within),
    ladderPicture(run, findings),
    layerCurves(run),
    densities(run),
    doseResponse(run, within),
    controlStrips(run, within),
    seedsPanel(run, within),
    alphaMap(run),
    mapsChart(run),
    ...anchors.map((one) => transferSweep(run, cross, one)),
    ...topology.map((one) => transferHeatmap(run, one)),
    ...conditions.map(({ anchors, alpha }) => transferStrips(run, cross, anchors, alpha)),
    topologyGraph(run, topology, cross),
    timesChart(run)
  ]
  return new Map(all.filter(({ panels }) => panels.length > 0).map((figure) => [figure.id, figure]))
}
