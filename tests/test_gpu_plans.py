"""Whether cuDNN takes our graphs, asked without a GPU: it plans for a card that is only described to it.

Needs nvidia-cudnn-frontend, nvidia-cudnn-cu13 and a C compiler. cuDNN wants a driver, cuBLASLt and the CUDA runtime to
be there before it plans; libraries that know no more than their names stand in for them, in a process of its own.
"""

import json
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

CARD = {
    "version": 1,
    "deviceName": "NVIDIA H100 80GB HBM3",
    "deviceId": 0,
    "cudaDeviceId": 0,
    "pciDeviceId": 0,
    "isTccDriver": 0,
    "deviceVer": 900,
    "driverVer": 13000,
    "multiProcessorCount": 132,
    "totalGlobalMem": 85_000_000_000,
    "maxSharedMemoryPerBlock": 49_152,
    "maxSharedMemoryPerBlockOptin": 232_448,
    "reservedSharedMemoryPerBlock": 1_024,
    "regsPerBlock": 65_536,
    "maxRegistersPerSM": 65_536,
    "maxThreadsPerBlock": 1_024,
    "maxThreadsPerSM": 2_048,
    "maxCtasPerSM": 32,
    "warpSize": 32,
    "l2CacheSize": 52_428_800,
    "smClockRateKHz": 1_980_000,
    "memClockRateKHz": 2_619_000,
    "memoryBusWidth": 5_120,
    "oversizedSharedMemoryPerBlock": 0,
    "maxGridSize": [2_147_483_647, 65_535, 65_535],
    "maxBlockSize": [1_024, 1_024, 64],
    "supportCoopLaunch": 1,
}
"""What cuDNN must know of an H100, under its own names (those that its library asks the CUDA runtime for)."""
SHAPES = {  # images, planes, planes out, side, size, stride, padding, dilation
    "LeNet-5 C1": (64, 1, 6, 28, 5, 1, 2, 1),
    "LeNet-5 C3": (64, 6, 16, 14, 5, 1, 0, 1),
    "SoftHebb 1": (64, 1, 96, 28, 5, 1, 0, 1),
    "SoftHebb 2": (64, 96, 384, 12, 3, 1, 1, 1),
    "VGG": (64, 64, 64, 56, 3, 1, 1, 1),
    "AlexNet conv1": (64, 3, 96, 227, 11, 4, 0, 1),
    "AlexNet conv2": (64, 48, 128, 27, 5, 1, 2, 1),
    "one by one": (64, 64, 64, 28, 1, 1, 0, 1),
    "dilated": (8, 5, 7, 21, 3, 2, 1, 2),
    "one image": (1, 3, 10, 28, 5, 1, 0, 1),
    "rows left over": (3, 2, 4, 11, 2, 3, 0, 1),
    "one cell": (1, 1, 1, 5, 5, 1, 0, 1),
}
DRIVER = """
int cuDriverGetVersion(int *v) { *v = 13000; return 0; }
int cuGetErrorString(int e, const char **s) { (void)e; *s = "no driver"; return 0; }
"""
RUNTIME = """
int cudaGetDevice(int *d) { *d = 0; return 0; }
int cudaGetDeviceCount(int *d) { *d = 1; return 0; }
int cudaGetLastError(void) { return 0; }
int cudaRuntimeGetVersion(int *v) { *v = 13000; return 0; }
const char *cudaGetErrorString(int e) { (void)e; return "no runtime"; }
int cudaDeviceGetAttribute(int *v, int a, int d) { (void)d; *v = a == 75 ? 9 : a == 16 ? 132 : 0; return 0; }
"""
CUBLAS = """
unsigned long cublasLtGetVersion(void) { return 130100; }
unsigned long cublasLtGetCudartVersion(void) { return 13000; }
"""
PLANS = """
import json, sys
from neuro_cnn.ops import gpu_graphs

card, shapes, rounded = json.loads(sys.argv[1])
library = gpu_graphs.library()
described = library.create_device_properties(json.dumps(card))
plans = {}
for name, (n, c, k, side, size, stride, pad, dilation) in shapes.items():
    out = (side + 2 * pad - dilation * (size - 1) - 1) // stride + 1
    x, w, y = (n, c, side, side), (k, c, size, size), (n, k, out, out)
    how = ((pad, pad), (stride, stride), (dilation, dilation), rounded)
    for operation, shapes in (("conv_fprop", (x, w, y)), ("conv_dgrad", (y, w, x)), ("conv_wgrad", (x, y, w))):
        graph = library.pygraph(**gpu_graphs._single(library), name=operation, device_property=described)
        plan = gpu_graphs.planned(gpu_graphs.Call(operation, *shapes, *how), graph)
        plans[f"{name}, {operation}"] = plan.workspace
print(json.dumps(plans))
"""


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory):
    """A folder of libraries with all names that cuDNN and its frontend may ask for."""
    compiler = shutil.which("gcc") or shutil.which("clang")
    found, wheel = find_spec("cudnn"), find_spec("nvidia.cudnn") if find_spec("nvidia") else None
    if not (compiler and found and wheel):
        pytest.skip("needs nvidia-cudnn-frontend, nvidia-cudnn-cu13 and a C compiler")
    files = [*Path(found.origin).parent.glob("_compiled_module*.so")]
    files += [file for place in wheel.submodule_search_locations for file in Path(place, "lib").glob("*.so.9")]
    names = {name.decode() for file in files for name in re.findall(rb"\0(cu[A-Za-z]\w+)(?=\0)", file.read_bytes())}
    folder = tmp_path_factory.mktemp("stand-ins")
    kinds = {"libcuda.so.1": (r"cu[A-Z]", DRIVER), "libcudart.so.13": (r"cuda[A-Z]", RUNTIME)}
    for library, (kind, known) in {**kinds, "libcublasLt.so.13": (r"cublasLt[A-Z]", CUBLAS)}.items():
        unknown = sorted(name for name in names if re.match(kind, name) and f"{name}(" not in known)
        source = folder / f"{library}.c"
        source.write_text(known + "".join(f"int {name}(void) {{ return 100; }}\n" for name in unknown))
        command = [compiler, "-w", "-shared", "-fPIC", f"-Wl,-soname,{library}", source, "-o", folder / library]
        subprocess.run(command, check=True)
    return folder, [str(Path(place, "lib")) for place in wheel.submodule_search_locations]


@pytest.mark.parametrize("rounded", [False, True], ids=["exact", "tf32"])
def test_cudnn_has_a_plan_for_every_graph(stand_ins, rounded):
    folder, libraries = stand_ins
    root = Path(__file__).parents[1]
    paths = {"LD_LIBRARY_PATH": ":".join([str(folder), *libraries]), "PYTHONPATH": ":".join([str(root), *sys.path])}
    asked = json.dumps([CARD, SHAPES, rounded])
    done = subprocess.run([sys.executable, "-c", PLANS, asked], env=paths, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    plans = json.loads(done.stdout.splitlines()[-1])
    assert len(plans) == 3 * len(SHAPES)
    assert all(0 <= workspace < 10**9 for workspace in plans.values())
