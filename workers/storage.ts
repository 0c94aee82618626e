/** Worker entry in the page: the list of stored models, and deleting from it. */
import { expose } from 'comlink'
import type { StorageApi } from '../src/lab/api'
import { holdLock } from '../src/lab/connect/held'
import { registerWire } from '../src/lab/connect/wire'
import { roomHere } from './stored/disk-opfs'
import { deleteStored, listStored } from './stored/records'

registerWire()
holdLock()
expose({
  async stored() {
    const [models, estimate] = await Promise.all([listStored(), roomHere()])
    return { models, usage: estimate.usage ?? 0, quota: estimate.quota ?? 0 }
  },
  remove: (id) => deleteStored(id)
} satisfies StorageApi)
