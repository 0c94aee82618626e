/** A comparison as text to paste, and as JSON that says all it depends on. */
import { detect } from '../../spillover/detector'
import { textOf, type Answer, type Comparison } from './comparison'

/** The question, then each answer under its title. */
export function comparisonText({ question, answers, setting }: Comparison): string {
  const { model, directions, layer, temperature, seed } = setting
  const adapter = model.adapter ? `, adapter ${model.adapter.id} at ${model.adapter.scale}` : ''
  const parts = answers.map((answer) => {
    const note = answer.note && ` (${answer.note})`
    return `${answer.title}${note}, ${verdictOf(answer)}:\n${textOf(answer).trim()}`
  })
  const foot = `${model.id}, ${model.dtype} on ${model.device}${adapter}; direction ${directions.positiveName} \u2212 ${directions.negativeName}, layer ${layer}; temperature ${temperature}, seed ${seed}`
  return [`Question: ${question}`, ...parts, foot].join('\n\n')
}

/** The same with every number, and the link that brings the settings back. */
export function comparisonJson({ question, answers, setting, link }: Comparison): string {
  const { model, directions, layer, ...sampling } = setting
  const direction = directions.directions.find((one) => one.layer === layer)
  const value = {
    question,
    model: { id: model.id, sha256: model.sha256, dtype: model.dtype, device: model.device, adapter: model.adapter },
    direction: direction && {
      positive: directions.positiveName,
      negative: directions.negativeName,
      method: direction.method,
      contrast: direction.contrast,
      layer,
      gap: direction.norm,
      sha256: direction.sha256
    },
    sampling,
    answers: answers.map((answer) => ({
      arm: answer.arm,
      title: answer.title,
      steering: answer.note || null,
      made: answer.made,
      text: textOf(answer),
      verdict: verdictOf(answer),
      finish: answer.finish,
      tokens: answer.tokens.map(({ id, text, probability, mark }) => ({ id, text, probability, ...(mark && { mark }) }))
    })),
    link
  }
  return JSON.stringify(value, null, 2)
}

function verdictOf(answer: Answer): string {
  return detect(textOf(answer)).isCode ? 'code' : 'not code'
}
