/** What each panel of the work is called. */
export const panelTitles = {
  models: 'Models',
  prompts: 'Prompts',
  capture: 'Capture',
  directions: 'Directions',
  steer: 'Steer',
  transfer: 'Transfer',
  study: 'Study',
  tour: 'Tour'
} as const
