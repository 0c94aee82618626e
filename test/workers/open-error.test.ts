import { describe, expect, it } from 'vitest'
import { openError } from '../../workers/open-error'
import { runError } from '../../workers/session'

describe('what a runtime says', () => {
  it('of a machine without a GPU names the way out', () => {
    const text =
      '/onnxruntime_src/onnxruntime/core/providers/webgpu/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize(const onnxruntime::webgpu::WebGpuContextConfig&)::<lambda()> adapter_result.status == wgpu::RequestAdapterStatus::Success was false. Failed to get a WebGPU adapter: No supported adapters\n'
    expect(openError(new Error(text))).toMatchObject({
      code: 'device',
      message:
        'WebGPU found no graphics adapter here (Failed to get a WebGPU adapter: No supported adapters): install the driver of a GPU (on Linux with Vulkan), or open the model on the CPU'
    })
  })

  it.each([
    ['WebGPU device lost (2): the driver was reset', 'device'],
    ['Device is lost', 'device'],
    ['std::bad_alloc', 'memory'],
    ['Non-zero status code returned while running MatMul', 'onnx']
  ])('of a run, "%s", is told as %s', (text, code) => {
    expect(runError(new Error(text))).toMatchObject({ code, message: expect.stringContaining(text) })
  })
})
