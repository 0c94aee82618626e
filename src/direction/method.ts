/**
 * The ways to extract a direction, all in the dual form: a direction is a weighted sum of the rows, so a method turns
 * the Gram matrix of the rows and their labels into one weight a row. The weights add up to 0, hence no origin matters.
 */
import { LabError } from '../errors'
import { centredGram, times } from '../math/gram'
import { eigenpairs } from '../math/components'
import { discriminantWeights } from './discriminant'
import { logisticWeights } from './logistic'
import { meanWeights, type Labels, type Task } from './task'
import { mean } from '../math/statistics'

export const methods = ['difference-in-means', 'pca-paired', 'pca-pooled', 'logistic', 'linear-discriminant'] as const
export type Method = (typeof methods)[number]

/** Weights for labels that may be swapped, from what does not depend on them. */
export type Weigh = (labels: Labels) => Float64Array

/** A method applied to rows: `gram` [row][row] is of the task's rows about any one origin. */
export function weighBy(method: Method, gram: Float64Array, task: Task): Weigh {
  const orient = (weights: Float64Array, labels: Labels): Float64Array => oriented(weights, gram, labels)
  switch (method) {
    case 'difference-in-means':
      return meanWeights
    case 'pca-paired': {
      const weights = pairedComponent(gram, task)
      return (labels) => orient(weights, labels)
    }
    case 'pca-pooled': {
      const weights = pooledComponent(gram, task.labels.length)
      return (labels) => orient(weights, labels)
    }
    case 'logistic':
      return (labels) => orient(logisticWeights(gram, { ...task, labels }), labels)
    case 'linear-discriminant':
      return (labels) => orient(discriminantWeights(gram, labels, task.width), labels)
  }
}

/** First principal component of the differences positive - negative, about 0: what most of the differences share. */
function pairedComponent(gram: Float64Array, { labels, pairs }: Task): Float64Array {
  if (pairs.length === 0) {
    throw new LabError('shape', 'PCA of paired differences needs the same prompts on both sides; use another method')
  }
  const n = labels.length
  const at = (i: number, j: number): number => gram[i * n + j] ?? 0
  const products = Float64Array.from(
    pairs.flatMap(([a, b]) => pairs.map(([c, d]) => at(a, c) - at(a, d) - at(b, c) + at(b, d)))
  )
  const [first] = eigenpairs(products, pairs.length)
  const weights = new Float64Array(n)
  pairs.forEach(([a, b], i) => {
    weights[a] = first?.vector[i] ?? 0
    weights[b] = -(first?.vector[i] ?? 0)
  })
  return weights
}

/** First principal component of all rows about their mean, blind to the labels. */
function pooledComponent(gram: Float64Array, n: number): Float64Array {
  const [first] = eigenpairs(centredGram(gram, n), n)
  const vector = first?.vector ?? new Float64Array(n)
  const middle = mean(vector)
  return vector.map((value) => value - middle)
}

/** The sign that lets the positive side project higher. */
function oriented(weights: Float64Array, gram: Float64Array, labels: Labels): Float64Array {
  const gap = product(times(gram, weights), meanWeights(labels))
  return gap < 0 ? weights.map((weight) => -weight) : weights
}

function product(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0)
}
