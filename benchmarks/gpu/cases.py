"""Part "cases": the benchmark's cases on the device, beside PyTorch's on the same device where PyTorch has one; each library in its own process."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

from benchmarks.cases import CASES
from benchmarks.gpu.part import Part
from benchmarks.rounds import Worker

FIRST = ("first_train_mlp_adam", "first_train_cnn", "first_train_gpt", "first_elementwise_16M", "first_matmul", "first_softmax", "first_layer_norm")
"""What is measured before the others: the time may not suffice for all."""
_ASK = "import sys, torch; sys.exit(0 if torch.cuda.is_available() else 1)"


def main() -> None:
    """A row for each case, until the time is up."""
    part = Part()
    theirs = part.device.partition(":")[0] == "cuda" and importlib.util.find_spec("torch") is not None
    if theirs:
        theirs = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, timeout=120, check=False).returncode == 0
    part.fact("beside PyTorch", "yes" if theirs else "no: it is not here, or has no GPU")
    names = [name for word in FIRST for name in CASES if name.startswith(word)]
    names += [name for name in CASES if name not in names]
    done = 0
    seconds = max(0.05, min(0.3, part.seconds / len(names) / 6))
    workers = {"ours": "corelib", **({"torch": "torch"} if theirs else {})}
    processes = {who: Worker(library, 1, part.device) for who, library in workers.items()}
    for name in names:
        if part.left < 2:
            break
        took: dict[str, float] = {}
        for who in list(workers):
            try:
                took[who] = processes[who].time_of(name, seconds)
            except (RuntimeError, OSError) as error:
                part.wrong(str(error)[:400])
                if processes[who].process.poll() is not None:  # it ended, and the next case gets a new one
                    processes[who] = Worker(workers[who], 1, part.device)
        if took:
            done += 1
            row = {"case": name, **{who: round(us, 1) for who, us in took.items()}}
            if len(took) == 2:
                row["ratio"] = round(took["torch"] / took["ours"], 2)
            part.row(**row)
    for worker in processes.values():
        worker.process.kill()
    part.fact("cases", f"{done} of {len(names)} measured, microseconds a step")


if __name__ == "__main__":
    main()
