/** The prompt files that come with the page, below `models/prompts`. docs/organisms.md says how they were made. */
import { LabError } from '../errors'

/** The text of one of them. @throws LabError `network` */
export async function fetchPromptFile(base: string, file: string, get: typeof fetch = fetch): Promise<string> {
  const path = `models/prompts/${file}`
  const response = await get(new URL(path, base)).catch((cause: unknown) => {
    throw new LabError('network', `${path} could not be fetched: check the connection`, { cause })
  })
  // Some hosts answer what they do not have with their start page.
  const isPage = (response.headers.get('content-type') ?? '').includes('html')
  if (response.ok && !isPage) return response.text()
  const answered = isPage ? 'is a web page here' : `answered ${response.status}`
  throw new LabError('network', `${path} ${answered}: it does not come with this page`)
}
