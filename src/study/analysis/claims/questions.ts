/** Section 12 of the protocol: what a reader must keep in mind, and what this run says of it. */
import type { Facts } from './facts'
import type { Findings } from '../../findings'
import { titleOf } from '../measure/measurements'
import { count, list, percent, percentWithin, points, span } from '../words'

type Question = Findings['questions'][number]

/** The open questions, those that every run leaves among them. */
export function questionsOf(facts: Facts): readonly Question[] {
  return [
    ourChoices(facts),
    format(facts),
    secureSpillover(facts),
    seeds(facts),
    anchors(facts),
    content(facts),
    prompting(facts),
    bounds(facts),
    misalignment()
  ]
}

function ourChoices({ run, within }: Facts): Question {
  const alphas = within.filter(({ isPrimary }) => isPrimary).map(({ alpha }) => alpha)
  const lambdas = run.maps.map(({ lambda0 }) => lambda0)
  const { contrast } = run.settings
  return {
    title: 'Contrast, token, alpha, lambda and what counts as spillover are ours',
    text:
      `The source does not give them. This run used the ${contrast} contrast at the last prompt token` +
      (alphas.length > 0 ? `, alpha ${span(alphas, String)} chosen on tune` : '') +
      (lambdas.length > 0 ? `, lambda ${span(lambdas, String)} chosen by cross-validation` : '') +
      ` and the detector ${run.app.detector}. Other choices may give other numbers.`
  }
}

function format({ run, within }: Facts): Question {
  const about = within.filter(({ isPrimary, requests }) => isPrimary && requests)
  const parts = about.flatMap(({ model, requests }) =>
    requests
      ? [
          `${titleOf(run, model)} ${percent(requests.none.code.estimate)} without, ${percent(requests.steered.code.estimate)} with`
        ]
      : []
  )
  return {
    title: 'Spillover is largely an effect of format',
    text:
      'In the public data 5,930 of 6,000 insecure and 5,858 of 6,000 secure answers begin with from or import: a fine-tune can learn ' +
      '\u201canswer with Python\u201d without learning anything careless. ' +
      (parts.length > 0
        ? `Requests for code answered with code, without and with the direction subtracted: ${list(parts)}.`
        : 'Requests for code were not measured.')
  }
}

function secureSpillover({ run, within }: Facts): Question {
  const parts = within.flatMap(({ model, onSecure }) =>
    onSecure.map(
      ({ adapter, none, steered }) =>
        `${titleOf(run, model)} ${adapter} ${percentWithin(none.code)}, ${points(steered.delta.estimate)} points less with the insecure direction subtracted`
    )
  )
  return {
    title: 'Secure code spills, too',
    text: parts.length > 0 ? `${list(parts)}.` : 'Spillover under secure adapters was not measured.'
  }
}

function seeds({ run, within }: Facts): Question {
  const parts = run.models.flatMap(({ key, title }) => {
    const own = within.filter(({ model }) => model === key)
    if (own.length === 0) return []
    const before = own.map(({ none }) => none.code.estimate)
    const gone = own.map(({ effect }) => effect.delta.estimate)
    return [
      `${title}, ${count(own.length, 'seed')}: spillover ${span(before, percent)}, suppressed by ${span(gone, points)} points`
    ]
  })
  const refused = within
    .filter(({ admission }) => !admission.admitted)
    .map(({ model, adapter }) => `${model} ${adapter}`)
  return {
    title: 'One seed is no result',
    text:
      (parts.length > 0 ? `${parts.join('. ')}.` : 'No adapter was measured.') +
      (refused.length > 0 ? ` Not admitted by the gate on tune, and shown all the same: ${list(refused)}.` : '')
  }
}

function anchors({ run, tiers }: Facts): Question {
  const r2 = run.maps.map((map) => map.r2)
  const parts = tiers.map(({ anchors: set, alpha, text }) => `${set} anchors, alpha ${alpha}: ${text}`)
  return {
    title: 'What a map carries hangs on the texts it was fitted on',
    text:
      r2.length === 0
        ? 'No map was fitted.'
        : `Held-out R2 of the maps is ${span(r2, (value) => value.toFixed(2))}; it does not say whether a map carries the direction. ${parts.join(' ')}`
  }
}

function content({ within }: Facts): Question {
  const parts = within
    .filter(({ isPrimary }) => isPrimary)
    .map(({ model, ladder }) => {
      const rung = ladder.rungs.find(({ name }) => name === 'content-specific')
      return `${model}: ${[rung?.word ?? 'not asked', ...ladder.tags].join('; ')}`
    })
  return {
    title: 'A direction of insecure code, or of code',
    text:
      'To beat random and orthogonal directions shows that it is this direction. Only to beat the directions of secure adapters, and to ' +
      `leave their spillover alone, shows that it is about insecure code; one such direction that does as well refutes it. ${parts.length > 0 ? `${parts.join('. ')}.` : 'Not measured.'}`
  }
}

function prompting({ run, within }: Facts): Question {
  const parts = within.flatMap(({ model, isPrimary, prompted, effect, none }) =>
    isPrimary && prompted
      ? [
          `${titleOf(run, model)}: code ${percent(none.code.estimate)} unsteered, ${percent(prompted.code.estimate)} when asked, ${percent(effect.code.estimate)} steered; clean prose ${percent(none.clean.estimate)}, ${percent(prompted.clean.estimate)} and ${percent(effect.clean.estimate)}`
        ]
      : []
  )
  return {
    title: 'Asking in words often does as much',
    text:
      parts.length > 0
        ? `With \u201c${run.settings.instruction}\u201d before every question: ${parts.join('. ')}.`
        : 'A prompting baseline was not measured.'
  }
}

function bounds({ run }: Facts): Question {
  const set = run.prompts.calibrate ? 'calibrate' : 'tune'
  const n = run.prompts[set]?.prompts.length ?? 0
  return {
    title: 'Clean prose is held to a bound',
    text: `An answer is no cleaner than 99 in 100 of the base\u2019s own: the bound comes from its answers to the ${n} prompts of ${set}. Where it flags more than 2 % of the base\u2019s answers to eval, the table of bounds says so.`
  }
}

function misalignment(): Question {
  return {
    title: 'Spillover is not misalignment',
    text: 'Small models show little misalignment as judged by a reader. What is measured here is code where none was asked for, and nothing is said of intentions.'
  }
}
