"""Messages of ffmpeg 5 and 9 about a GPU: from runs on a machine without driver, and from issue trackers."""

NO_DRIVER_5 = """[AVHWDeviceContext @ 0x5] Cannot load libcuda.so.1
[AVHWDeviceContext @ 0x5] Could not dynamically load CUDA
Device creation failed: -1.
Failed to set value 'cuda=gpu:0' for option 'init_hw_device': Operation not permitted"""
NO_DRIVER_9 = """[h264_nvenc @ 0x5] Cannot load libcuda.so.1
[vost#0:0/h264_nvenc @ 0x5] [enc:h264_nvenc @ 0x5] Error while opening encoder - maybe incorrect parameters
[vf#0:0 @ 0x5] Task finished with error code: -1 (Operation not permitted)
[vost#0:0/h264_nvenc @ 0x5] Task finished with error code: -22 (Invalid argument)
Conversion failed!"""
NO_DEVICE = """[CUDA @ 0x5] cu->cuInit(0) failed -> CUDA_ERROR_NO_DEVICE: no CUDA-capable device is detected
Device creation failed: -542398533."""
DRIVER = """[AVHWDeviceContext @ 0x5] cu->cuInit(0) failed -> CUDA_ERROR_UNKNOWN: unknown error
Device creation failed: -1313558101."""
OLD_DRIVER = """[h264_nvenc @ 0x5] Driver does not support the required nvenc API version. Required: 13.0 Found: 12.2
[h264_nvenc @ 0x5] The minimum required Nvidia driver for nvenc is 570.0 or newer"""
OLD_FOR_FILTERS = """[Parsed_scale_cuda_0 @ 0x5] cu->cuModuleLoadData(cu_module, data) failed -> \
CUDA_ERROR_UNSUPPORTED_PTX_VERSION: the provided PTX was compiled with an unsupported toolchain."""
NO_ENCODE_LIBRARY = """[h264_nvenc @ 0x5] Cannot load libnvidia-encode.so.1
[h264_nvenc @ 0x5] The minimum required Nvidia driver for nvenc is (unknown) or newer"""
NO_DECODE_LIBRARY = """[h264 @ 0x5] Cannot load libnvcuvid.so.1
[h264 @ 0x5] Failed loading nvcuvid.
[h264 @ 0x5] Failed setup for format cuda: hwaccel initialisation returned error.
Impossible to convert between the formats supported by the filter 'graph 0 input from stream 0:0' and the filter \
'auto_scale_0'
Stream #0:0 -> #0:0 (h264 (native) -> h264 (h264_nvenc))"""
NO_ENCODER = """[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: unsupported device (2): (no details)
[h264_nvenc @ 0x5] No capable devices found"""
NO_SESSION = """[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: out of memory (10): (no details)
[h264_nvenc @ 0x5] No capable devices found
[vf#0:0 @ 0x5] Error sending frames to consumers: Cannot allocate memory
[vf#0:0 @ 0x5] Task finished with error code: -12 (Cannot allocate memory)"""
NO_SESSION_NEWER = """[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: incompatible client key (21): (no details)
[vf#6:0 @ 0x5] Task finished with error code: -22 (Invalid argument)"""
TOO_SMALL = """[h264_nvenc @ 0x5] InitializeEncoder failed: invalid param (8): Frame Dimension less than the minimum \
supported value."""
TOO_MANY_SURFACES = """[h264 @ 0x5] decoder->cvdl->cuvidCreateDecoder(&decoder->decoder, params) failed -> \
CUDA_ERROR_INVALID_VALUE: invalid argument
[h264 @ 0x5] Using more than 32 (46) decode surfaces might cause nvdec to fail.
[h264 @ 0x5] Failed setup for format cuda: hwaccel initialisation returned error."""
NO_SURFACES = """[h264 @ 0x5] No decoder surfaces left
[h264 @ 0x5] hardware accelerator failed to decode picture
Error while decoding stream #0:0: Cannot allocate memory"""
FULL = """[CUDA @ 0x5] cu->cuCtxCreate(&hwctx->cuda_ctx, desired_flags, hwctx->internal->cuda_device) failed -> \
CUDA_ERROR_OUT_OF_MEMORY: out of memory
Device creation failed: -12.
Failed to set value 'cuda=gpu:0' for option 'init_hw_device': Cannot allocate memory"""
NO_FILTER = "[AVFilterGraph @ 0x5] No such filter: 'overlay_cuda'"
NO_NVENC = "[vost#0:0 @ 0x5] Unknown encoder 'h264_nvenc'"
FILTER_FAILS = """[Parsed_overlay_cuda_9 @ 0x5] Can't overlay yuva420p on nv12
Stream #0:0 -> #0:0 (h264 (native) -> h264 (h264_nvenc))"""
NOTHING = "[vost#0:0/h264_nvenc @ 0x5] Task finished with error code: -22 (Invalid argument)\nConversion failed!"
