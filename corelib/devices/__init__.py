"""What `torch.cuda` is, for every device type: `corelib.cuda`, `corelib.opencl`, the type of any installed plugin, and types that nobody provides."""

from __future__ import annotations

from corelib.devices.accelerator import Accelerator as Accelerator, Cuda, Event as Event, Host, Stream as Stream, StreamContext as StreamContext
from corelib.devices.metal import Metal
from corelib.dispatcher.plugins.checks import NoDeviceError as NoDeviceError

cpu, cuda, opencl = Host(), Cuda(), Accelerator("opencl")
mps, mtia, xpu = Metal(), Accelerator("mtia"), Accelerator("xpu")
