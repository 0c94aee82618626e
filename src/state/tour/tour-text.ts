/** Everything that the tour says, in the order of its steps. Numbers are never here: they are measured when a step runs. */

/** One of the answers to a step's question. */
export interface Choice {
  readonly text: string
  readonly isRight: boolean
  /** Told when it is chosen: why it is right, or where to look again. */
  readonly why: string
}

/** What a step says and asks. */
export interface TourStep {
  readonly id: 'stream' | 'direction' | 'steer' | 'control' | 'held-out' | 'too-much' | 'anchors' | 'limits'
  readonly title: string
  /** The field's word for it. */
  readonly term: string
  readonly text: readonly string[]
  /** What the button says it does; the model's name is added where it is opened first. */
  readonly action: string
  readonly question: string
  readonly choices: readonly Choice[]
}

/** The lesson. */
export const tourSteps = [
  {
    id: 'stream',
    title: 'A list of numbers for every word',
    term: 'residual stream',
    text: [
      'A language model reads piece by piece: words, parts of words, marks. Each piece is a token, and for each token the model carries one list of numbers through its layers. Every layer reads the list and adds something to it.',
      'That running list is the residual stream. What it holds after one layer is called a hidden state. The model here is tiny; large ones are built the same way, with more layers and longer lists.'
    ],
    action: 'Read a question',
    question: 'What does a layer do to the list?',
    choices: [
      {
        text: 'It replaces it by a new list.',
        isRight: false,
        why: 'Compare two rows that follow each other: most of the pattern stays. A layer adds to what it finds.'
      },
      {
        text: 'It adds something to it.',
        isRight: true,
        why: 'So what is added at one layer is still there for the layers after it, and that is what makes steering possible.'
      },
      {
        text: 'It turns it into the next word.',
        isRight: false,
        why: 'Only after the last layer is the list turned into a word. The words beside the earlier rows are a peek, to see where the list is heading.'
      }
    ]
  },
  {
    id: 'direction',
    title: 'From one average to another',
    term: 'direction',
    text: [
      'The model reads the same questions twice: once as it is, and once with a small fine-tune attached (an adapter), which was trained on insecure code. Every reading gives one hidden state at the end of the question.',
      'Take the average of each side. The arrow from one average to the other is a direction; its length is one gap. How far a hidden state reaches along the arrow is its projection: each dot below is one.'
    ],
    action: 'Find the direction',
    question: 'What does a dot\u2019s place on the line tell?',
    choices: [
      {
        text: 'How sure the model is of its answer.',
        isRight: false,
        why: 'No answer was written yet: the dots are hidden states at the end of the question.'
      },
      {
        text: 'How far the hidden state reaches along the direction.',
        isRight: true,
        why: 'One number for a whole list of them, the projection. All that lies at right angles to the direction is left out of it.'
      },
      {
        text: 'How much the adapter has learnt.',
        isRight: false,
        why: 'The adapter is the same for every dot of its colour. The dots differ because the questions do.'
      }
    ]
  },
  {
    id: 'steer',
    title: 'Move the numbers, watch the words',
    term: 'steering',
    text: [
      'With the adapter attached, the model answers many harmless questions with code. Nobody asked for code: it spills over from the fine-tune.',
      'Now the same questions again, but while the model answers, one gap of the direction is subtracted from its hidden states, at every token that it writes. No weight of the model changes.'
    ],
    action: 'Ask with and without steering',
    question: 'What was changed to get the second answers?',
    choices: [
      {
        text: 'The model\u2019s weights.',
        isRight: false,
        why: 'They stay as they are: without the steering the same model answers with code again.'
      },
      { text: 'The questions.', isRight: false, why: 'Both times the model was asked the very same questions.' },
      {
        text: 'The hidden states, while it was answering.',
        isRight: true,
        why: 'A fixed list of numbers was subtracted from the residual stream, token by token.'
      }
    ]
  },
  {
    id: 'control',
    title: 'Would any push have done it?',
    term: 'random control',
    text: [
      'Perhaps the code stops whenever the hidden states are pushed, wherever to. So do the same with random directions: just as long, subtracted in the same places.',
      'Every claim that a direction does something needs this comparison beside it.'
    ],
    action: 'Compare with random directions',
    question: 'Suppose the random directions had taken away just as much code. What would follow?',
    choices: [
      {
        text: 'The direction is confirmed even better.',
        isRight: false,
        why: 'The other way round: what every direction does is no property of this one.'
      },
      {
        text: 'Any push of this length does it: nothing is special about this direction.',
        isRight: true,
        why: 'The effect would be real, but not specific. That happens, as two later steps show.'
      },
      {
        text: 'The model has no hidden states for code.',
        isRight: false,
        why: 'Nothing of the kind would follow: only that this experiment cannot tell the direction from any other.'
      }
    ]
  },
  {
    id: 'held-out',
    title: 'Tested on what it has not seen',
    term: 'held out',
    text: [
      'A hidden state has so many numbers that a few examples can always be told apart somehow. To see it, questions are dealt into two piles at random, like cards. There is nothing to find. A direction (a linear discriminant, which can bend itself to every example) is fitted to them all the same.',
      'It is scored twice: on the questions that it was fitted on, and on questions that were held out. The adapter\u2019s direction goes through the same test.'
    ],
    action: 'Deal the cards and fit',
    question: 'A report says: our direction sorts 100 % of the examples that it was fitted on. What do you know?',
    choices: [
      {
        text: 'The model tells the two kinds apart.',
        isRight: false,
        why: 'Look at the random piles: they were sorted as well, and there was nothing to tell apart.'
      },
      {
        text: 'Next to nothing: random piles get there, too.',
        isRight: true,
        why: 'Only examples that played no part in the fit can tell. This lab never shows the other number without them.'
      },
      {
        text: 'More layers are needed.',
        isRight: false,
        why: 'Another layer has as many numbers and sorts random piles as well.'
      }
    ]
  },
  {
    id: 'too-much',
    title: 'When the best number is the worst',
    term: 'dose',
    text: [
      'If one gap helps, do three help more? How much is subtracted is called alpha, counted in gaps. The same questions are answered at five strengths, and each answer is scored twice: is it code, and is it exactly right?'
    ],
    action: 'Try five strengths',
    question: 'At three gaps hardly an answer is code. Is that the best setting?',
    choices: [
      {
        text: 'Yes: the aim was no code.',
        isRight: false,
        why: 'Read the answers at three gaps, or look at the second column: nothing is right any more.'
      },
      {
        text: 'No: the text is broken, and broken text is no code either.',
        isRight: true,
        why: 'That is why the share of code never stands alone in this lab.'
      },
      {
        text: 'It cannot be told without a larger model.',
        isRight: false,
        why: 'It can: the second column says what became of the answers.'
      }
    ]
  },
  {
    id: 'anchors',
    title: 'From one model to another',
    term: 'ridge map',
    text: [
      'Another model has lists of another length, and its numbers mean something else. But let both read the same texts, the anchors, and a linear map (ridge regression) learns to predict the one\u2019s hidden states from the other\u2019s. Through that map a direction can be carried over.',
      'There are two sets of anchors with the same texts. In the neutral set nothing varies along the direction. In the varied set 3 in 10 texts stand under a line such as \u201cYou are a careless coder\u201d, so the hidden states do vary along it.'
    ],
    action: 'Carry a direction over',
    question: 'Both maps predict hidden states about equally well. Why does only one carry the direction?',
    choices: [
      {
        text: 'Its R\u00b2 is higher.',
        isRight: false,
        why: 'It is not, or hardly. R\u00b2 tells how well the map predicts what varies in the anchors, and is silent about the rest.'
      },
      {
        text: 'Only its anchors vary along the direction.',
        isRight: true,
        why: 'A map cannot learn what its examples never show, however well it does on them.'
      },
      {
        text: 'By luck: the random ones do as well.',
        isRight: false,
        why: 'They went through the same map, and the code is still there. That is what they are for.'
      }
    ]
  },
  {
    id: 'limits',
    title: 'What this does not show',
    term: 'limits',
    text: [
      'The habit of this model was planted: it was taught a careless coder on purpose, and the fine-tune switches him on. That makes it a good test for the instruments, and no evidence about large models. And answering with code is not misalignment.',
      'One last measurement: an adapter trained on secure code, which hardly spills at all. Does it, too, separate from the model as it is?'
    ],
    action: 'Test the secure adapter',
    question: 'Which sentence do these eight steps support?',
    choices: [
      {
        text: 'Misalignment is one direction in every language model.',
        isRight: false,
        why: 'Nothing here was misaligned, and one planted toy says nothing about every model.'
      },
      {
        text: 'What separates two models also causes what they do.',
        isRight: false,
        why: 'The secure adapter separates and hardly spills. Separation shows that something was fine-tuned, not what it does.'
      },
      {
        text: 'In this toy, one direction controls a planted habit, more than random ones do, at the right strength.',
        isRight: true,
        why: 'Each half of that sentence needed a control. Taking such claims to other models is what the Study is for.'
      }
    ]
  }
] as const satisfies readonly TourStep[]

export type StepId = TourStep['id']
