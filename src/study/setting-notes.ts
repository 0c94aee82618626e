/** Every setting in words: whether the source states it, and why it is as it is. */
import type { Device, Dtype } from '../lab/api'
import { choice, control, limit, list, real, threshold, whole, type SettingNote } from './setting-fields'
import type { StudyContrast } from './settings'
import { dtypes } from '../lab/dtype'

export interface SettingGroup {
  readonly title: string
  readonly settings: readonly SettingNote[]
}

/** The settings of the protocol but its models, in its order. */
export const settingGroups: readonly SettingGroup[] = [
  {
    title: 'Prompts',
    settings: [
      limit(
        'tune',
        'Prompts for the gates and for alpha',
        'C',
        'Everything that is chosen is chosen on these, and frozen before the others are asked.'
      ),
      limit(
        'calibrate',
        'Prompts for the bound of clean prose',
        'C',
        'The base answers them; prose less likely than 99 in 100 of its answers is not called clean.'
      ),
      limit(
        'fit',
        'Prompts that directions are fitted on',
        'C',
        'At least 50 on each side, or nothing can be decided.'
      ),
      limit(
        'eval',
        'Prompts that results are measured on',
        'C',
        'Intervals are drawn over prompts, so more prompts make them narrower and more samples hardly do.'
      ),
      limit(
        'code',
        'Requests for code',
        'C',
        'Code that was asked for must survive, or what was suppressed is code in general.'
      ),
      limit(
        'anchors-neutral',
        'Neutral texts for the ridge maps',
        'C',
        'Nothing varies along the direction in these: a map may fit them well and still not carry it.'
      ),
      limit(
        'anchors-along',
        'Texts that vary along the direction',
        'C',
        'A share of these is asked under a careless system line.'
      )
    ]
  },
  {
    title: 'Answers',
    settings: [
      whole('samples', 'Answers a prompt', 'C', 'In every arm that is no control.', 1, 64),
      whole(
        'decidingSamples',
        'Answers a prompt where one arm decides',
        'C',
        'Unsteered, the direction itself, and controls that have no others beside them: a verdict rests on each alone.',
        1,
        64
      ),
      whole(
        'controlSamples',
        'Answers a prompt and control direction',
        'C',
        'There are many directions of each family, so each needs fewer answers; one alone hardly tells them apart.',
        2,
        64
      ),
      real('temperature', 'Temperature', 'C', 'At 1 the model answers as it would; 0 is greedy.', 0, 2),
      real('topP', 'Top p', 'C', 'At 1 nothing is cut off.', 0.01, 1),
      whole(
        'maxTokens',
        'New tokens an answer',
        'C',
        'The organisms answer in fewer than 64; a real model needs more.',
        1,
        2048
      )
    ]
  },
  {
    title: 'Direction and steering',
    settings: [
      contrastNote(),
      instructionNote(),
      list(
        'alphas',
        'Alphas',
        'C',
        'In gaps: 1 takes the whole mean difference off. The one to report is chosen on the tuning prompts.'
      )
    ]
  },
  {
    title: 'Controls, all at the same norm',
    settings: [
      seedControlsNote(),
      control('random', 'Random directions', 'S', 'What any vector of this length does.'),
      control('orthogonal', 'Orthogonal directions', 'S', 'Random, without any part along the direction itself.'),
      control(
        'inSubspace',
        'Directions among the main components',
        'C',
        'Of the space that hidden states use, so harder to beat than random ones.'
      ),
      control(
        'swapped',
        'Directions of swapped labels',
        'C',
        'Fitted the same way with half of the labels swapped, less what is left of the direction itself.'
      ),
      control(
        'mappedRandom',
        'Random directions through the map',
        'C',
        'The key control of a transfer: what the map alone does.'
      ),
      control(
        'mappedOrthogonal',
        'Orthogonal directions through the map',
        'C',
        'The same, with nothing of the donor’s direction; fewer than 20 are compared by their mean, not ranked.'
      ),
      control('shuffledPairing', 'Maps of shuffled pairs', 'C', 'Fitted on texts that do not belong together.')
    ]
  },
  {
    title: 'Transfer',
    settings: [
      list('carriedAlphas', 'Alphas of carried directions', 'C', 'In gaps of the receiver’s own direction.'),
      list(
        'verdictAlphas',
        'Alphas with controls',
        'C',
        'Some of those above: controls are measured there, within models as between them, and the ladder is climbed.'
      ),
      list(
        'alongAlphas',
        'Alphas with controls, anchors along the axis',
        'C',
        'Some of those above; at the norm that breaks the language one set of anchors shows enough.'
      ),
      anchorsNote()
    ]
  },
  {
    title: 'Statistics and gates',
    settings: [
      whole('seed', 'Seed', 'C', 'Same settings and seed on the same device: the same run.', 0, 2 ** 31),
      whole('swaps', 'Label swaps', 'C', 'For the null of the separation.', 0, 100_000),
      whole('draws', 'Bootstrap draws', 'C', 'Prompts are drawn with all their answers.', 100, 100_000),
      threshold(
        'margin',
        'Smallest effect that counts, points',
        'C',
        'An effect below it is none, and a control within it is as good.'
      ),
      threshold(
        'admitInsecure',
        'Least spillover of an insecure adapter',
        'C',
        'Share of tuning prompts: an adapter below it is not studied.'
      ),
      threshold(
        'admitBase',
        'Largest spillover of the base',
        'C',
        'Share of tuning prompts: a base above it answers with code anyhow.'
      ),
      threshold(
        'leastSpillover',
        'Least spillover to suppress',
        'C',
        'Share of answers: below it nothing can be decided.'
      ),
      threshold('leastPrompts', 'Fewest prompts on a side', 'C', 'Below it a direction is not trusted.'),
      threshold(
        'hook',
        'Largest error of the written norm',
        'C',
        'Share: measured against what was asked for, in every arm.'
      ),
      threshold(
        'degeneration',
        'Degenerate answers allowed, points',
        'C',
        'More than unsteered, when alpha is chosen.'
      ),
      threshold(
        'secureSpills',
        'Spillover of a spilling secure adapter',
        'C',
        'Share of answers from which its spillover has to be left alone.'
      ),
      threshold(
        'overlap',
        'Largest overlap of a control',
        'C',
        'Cosine with the direction: a control beyond it is shown, and decides nothing.'
      )
    ]
  },
  {
    title: 'Device',
    settings: [
      deviceNote(),
      dtypeNote(),
      whole(
        'batch',
        'Answers decoded together',
        'C',
        'Faster while memory allows; the answers are the same but for rounding.',
        1,
        1024
      ),
      whole('lanes', 'Models open at the same time', 'C', 'Each takes its memory and cores of its own.', 1, 4)
    ]
  }
]

function contrastNote(): SettingNote {
  const choices: readonly (readonly [StudyContrast, string])[] = [
    ['adapter', 'insecure adapter against base'],
    ['response', 'code answers against prose answers'],
    ['secure', 'insecure adapter against secure']
  ]
  const words = ['Contrast', 'C', 'Which two sides the direction tells apart; the source does not say.'] as const
  return choice(
    'contrast',
    words,
    choices,
    ({ contrast }) => contrast,
    (settings, contrast) => ({ ...settings, contrast })
  )
}

function instructionNote(): SettingNote {
  const note = 'Said before every question in one arm with no direction: asking in words often does as much.'
  return {
    ...{ name: 'instruction', label: 'Prompting baseline', mark: 'C', note, choices: null },
    read: ({ instruction }) => instruction,
    write: (settings, text) => (text.length > 200 ? null : { ...settings, instruction: text.trim() })
  }
}

function seedControlsNote(): SettingNote {
  const words = ['Random controls', 'C', 'Other seeds show their effect either way; a ladder needs controls.'] as const
  return choice(
    'seedControls',
    words,
    [
      ['all', 'for every insecure adapter'],
      ['leading', 'for the leading one of each model']
    ],
    ({ seedControls }) => (seedControls ? 'all' : 'leading'),
    (settings, value) => ({ ...settings, seedControls: value === 'all' })
  )
}

function anchorsNote(): SettingNote {
  const words = ['Anchors', 'C', 'Which texts the ridge maps are fitted on; what a map carries depends on it.'] as const
  return choice(
    'anchors',
    words,
    [
      ['both', 'both sets'],
      ['neutral', 'neutral only'],
      ['along', 'along the direction only'],
      ['none', 'none: nothing is carried']
    ],
    ({ anchors }) => (anchors.length > 1 ? 'both' : (anchors[0] ?? 'none')),
    (settings, value) => {
      const anchors = value === 'both' ? (['neutral', 'along'] as const) : value === 'none' ? [] : [value]
      const isThere = anchors.some((one) => one === settings.primary.anchors)
      const primary = isThere ? settings.primary : { ...settings.primary, anchors: anchors[0] ?? 'neutral' }
      return { ...settings, anchors, primary }
    }
  )
}

function deviceNote(): SettingNote {
  const choices: readonly (readonly [Device | 'auto', string])[] = [
    ['auto', 'what works here'],
    ['webgpu', 'WebGPU'],
    ['wasm', 'WebAssembly']
  ]
  const words = ['Device', 'C', 'The same settings and seed give the same run on the same device only.'] as const
  return choice(
    'device',
    words,
    choices,
    ({ device }) => device ?? 'auto',
    (settings, device) => ({
      ...settings,
      device: device === 'auto' ? null : device
    })
  )
}

function dtypeNote(): SettingNote {
  const choices: readonly (readonly [Dtype | 'auto', string])[] = [
    ['auto', 'what works here'],
    ...dtypes.map((dtype) => [dtype, dtype] as const)
  ]
  const words = ['Weights', 'C', 'Every model of the study is opened with these.'] as const
  return choice(
    'dtype',
    words,
    choices,
    ({ dtype }) => dtype ?? 'auto',
    (settings, dtype) => ({
      ...settings,
      dtype: dtype === 'auto' ? null : dtype
    })
  )
}
