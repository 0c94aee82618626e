import base from './playwright.config'
const port = 4391
export default { ...base, outputDir: '/tmp/pw-steer', use: { ...base.use, baseURL: `http://127.0.0.1:${port}/` }, webServer: { command: `node scripts/serve.mjs --port ${port}`, url: `http://127.0.0.1:${port}/`, reuseExistingServer: false } }
