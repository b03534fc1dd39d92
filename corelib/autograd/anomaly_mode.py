"""torch.autograd.anomaly_mode. What it does is in `corelib.graph.anomaly`."""

from corelib.graph.anomaly import detect_anomaly as detect_anomaly, set_detect_anomaly as set_detect_anomaly
