"""torch.multiprocessing in both libraries: what is shared, what other processes see of it, what fails and how, and every name."""

from __future__ import annotations

import logging
import operator
import os
import pickle
import signal
import time
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.multiprocessing


from ..data.test_data import agree, cases

DTYPES = (
    "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "complex64", "complex128",
)  # fmt: skip


def M(T: Any) -> Any:
    return T.multiprocessing


def F(T: Any) -> Any:
    return M(T).get_context("fork")


def ask(T: Any, work: Any, *given: Any) -> Any:
    """What a forked process gives back for what is sent to it, as a queue of the library's passes both."""
    there, back, done = F(T).SimpleQueue(), F(T).SimpleQueue(), F(T).Event()

    def run() -> None:
        try:
            back.put(work(*there.get()))
        except Exception as error:
            back.put(type(error).__name__)
        done.wait(30)

    child = F(T).Process(target=run)
    child.start()
    there.put(given)
    found = back.get()
    done.set()
    child.join()
    return found


def facts(T: Any, t: Any) -> Any:
    return [t.detach(), t.is_shared(), t.requires_grad, t.is_leaf, type(t).__name__, t.storage_offset(), t.is_contiguous(), t.grad is None]


def changed(T: Any, make: Any, change: Any = lambda t: t.add_(1)) -> Any:
    """A tensor sent there, changed there, and sent back: what both sides have then."""
    sent = make(T)

    def work(t: Any) -> Any:
        told = facts(T, t.clone()), t.is_shared(), t.requires_grad, type(t).__name__
        with T.no_grad():
            change(t)
        return told, t

    told, got = ask(T, work, sent)
    return told, facts(T, sent), facts(T, got), got.data_ptr() == sent.data_ptr()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype: str) -> None:
    change = (lambda t: t.logical_not_()) if dtype == "bool" else (lambda t: t.add_(1))
    agree(lambda T: plainly(T, changed(T, lambda T: T.ones(2, 3).to(getattr(T, dtype)), change)))


def plainly(T: Any, value: Any) -> Any:
    """Complex numbers as text, which is what can be compared."""
    if isinstance(value, T.Tensor):
        return str(value.dtype), tuple(value.shape), tuple(value.stride()), str(value.tolist())
    return [plainly(T, v) for v in value] if isinstance(value, (list, tuple)) else value


def quietly(program: Any) -> Any:
    """Without PyTorch's warning that typed storages will go."""

    def run(T: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return program(T)

    return run


@cases(
    view=lambda T: changed(T, lambda T: T.arange(12.0).view(3, 4)[1:, ::2]), transposed=lambda T: changed(T, lambda T: T.arange(6.0).view(2, 3).t()),
    scalar=lambda T: changed(T, lambda T: T.tensor(3.0)), large=lambda T: changed(T, lambda T: T.zeros(300, 200))[1:][0][1:], leaf=lambda T: changed(T, lambda T: T.ones(2, requires_grad=True)),
    parameter=lambda T: changed(T, lambda T: T.nn.Parameter(T.ones(2))), frozen=lambda T: changed(T, lambda T: T.nn.Parameter(T.ones(2), requires_grad=False)),
    data=lambda T: changed(T, lambda T: T.ones(2, requires_grad=True).data), detached=lambda T: changed(T, lambda T: (T.ones(2, requires_grad=True) * 2).detach()),
    from_numpy=lambda T: changed(T, lambda T: T.from_numpy(np.ones(3, "f4"))), expanded=lambda T: changed(T, lambda T: T.ones(1).expand(3), lambda t: t[0].add_(1)),
    empty=lambda T: (lambda t: [tuple(t.shape), str(t.dtype), t.is_shared()])(ask(T, lambda t: t, T.empty(0, 3))),
    channels_last=lambda T: changed(T, lambda T: T.ones(1, 2, 3, 3).to(memory_format=T.channels_last)),
    with_grad=lambda T: (lambda p: (p.sum().backward(), changed(T, lambda T: p)[0][0]))(T.nn.Parameter(T.ones(2)))[1],
    views_of_one=lambda T: (lambda x: [ask(T, lambda a, b: (a.add_(1), [b.clone(), a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr()])[1], x, x[1:]), x])(T.zeros(4)),
    storage=lambda T: (lambda s: [ask(T, lambda s: (s.fill_(3), list(s))[1], s), list(s), s.is_shared()])(T.zeros(2, dtype=T.uint8).untyped_storage()),
    typed=quietly(lambda T: [list(ask(T, lambda s: s, T.FloatStorage([1.0, 2.0]))), T.FloatStorage(2).share_memory_().is_shared(), T.FloatStorage(2).is_shared()]),
    module=lambda T: (lambda m: [ask(T, lambda m: [p.fill_(2).is_shared() for p in [p.data for p in m.parameters()]], m), [p.detach() for p in m.parameters()]])(T.nn.Linear(2, 2)),
    nested=lambda T: ask(T, lambda d: {"a": [d["a"][0] + 1, d["b"]], "n": None}, {"a": (T.ones(2),), "b": "text"}), meta=lambda T: ask(T, lambda t: [str(t.device), tuple(t.shape), t.stride()], T.empty(2, 3, device="meta")),
    non_leaf=lambda T: M(T).SimpleQueue().put(T.ones(2, requires_grad=True) * 2), non_leaf_view=lambda T: M(T).SimpleQueue().put(T.ones(2, requires_grad=True)[0]),
    meta_storage=lambda T: M(T).reductions.reduce_storage(T.empty(2, device="meta").untyped_storage()), meta_shared=lambda T: T.empty(2, device="meta").share_memory_(),
    hooked=lambda T: (lambda x: (x.register_hook(lambda g: g), M(T).reductions.reduce_tensor(x))[1] and None)(T.ones(2, requires_grad=True)),
    reduced=lambda T: (lambda x: (lambda made: made[0](*made[1]).detach())(M(T).reductions.reduce_tensor(x)))(T.empty(0, requires_grad=True)),
)  # fmt: skip
def test_what_another_process_has(program: Any) -> None:
    agree(program)


def moved(T: Any) -> Any:
    x = T.arange(6.0)
    views = [x[2:], x.view(2, 3), x.data, x.detach()]
    same = views[0].share_memory_() is views[0]
    x[3] = 9
    return same, x.is_shared(), [v.is_shared() for v in views], [v.flatten() for v in views], x.untyped_storage().is_shared()


def adagrad(T: Any) -> Any:
    m = T.nn.Linear(2, 2)
    o = T.optim.Adagrad(m.parameters())
    o.share_memory()
    return [s["sum"].is_shared() for s in o.state.values()]


def graded(T: Any) -> Any:
    m = T.nn.Sequential(T.nn.Linear(2, 2), T.nn.BatchNorm1d(2))
    weight = m[0].weight
    m(T.ones(3, 2)).sum().backward()
    same = m.share_memory() is m
    return same, m[0].weight is weight, [p.is_shared() for p in m.parameters()], [p.grad.is_shared() for p in m.parameters()], [b.is_shared() for b in m.buffers()]


@cases(
    moved=moved, module=graded, adagrad=adagrad, twice=lambda T: (lambda x: (lambda a: x.share_memory_().data_ptr() == a)(x.share_memory_().data_ptr()))(T.zeros(3)),
    fresh=lambda T: [T.zeros(3).is_shared(), T.zeros(0).is_shared(), T.zeros(0).share_memory_().is_shared(), T.zeros(3).share_memory_().clone().is_shared()],
    ops=lambda T: (lambda x: [(x + 1).is_shared(), x.add_(1).is_shared(), x.t().is_shared(), x.to(T.float64).is_shared(), x.to(T.float32).is_shared(), x.detach().is_shared()])(T.zeros(2, 2).share_memory_()),
    numpy=lambda T: (lambda a: (T.from_numpy(a).share_memory_().fill_(3), a.tolist()))(np.ones(2, "f4")), shared_numpy=lambda T: (lambda x: (x.numpy().fill(3), x)[1])(T.zeros(2).share_memory_()),
    storages=lambda T: [T.UntypedStorage(3).share_memory_().is_shared(), T.UntypedStorage._new_shared(8).nbytes(), T.FloatStorage._new_shared(3).size(), T.DoubleStorage(2).share_memory_().is_shared()],
    stacked=lambda T: T.stack([T.ones(2), T.zeros(2)], 0, out=T.ones(2).new(T.ones(2).storage()._new_shared(4)).resize_(2, 2)),
    non_leaf=lambda T: (T.ones(2, requires_grad=True) * 2).share_memory_().detach(), pickled=lambda T: pickle.loads(pickle.dumps(T.zeros(2).share_memory_())).is_shared(),
    backward=lambda T: (lambda p: (((p * p).sum()).backward(), p.grad, p.grad.is_shared()))(T.ones(2).share_memory_().requires_grad_()),
    saved=lambda T: (lambda p: (lambda y: (p.share_memory_(), y.sum().backward(), p.grad))(p * p))(T.ones(2, requires_grad=True)),
    state_dict=lambda T: (lambda m: [(m.load_state_dict({k: T.ones_like(v) for k, v in m.state_dict().items()}), m.weight.is_shared(), m.state_dict()["weight"].is_shared())[1:]])(T.nn.Linear(2, 2).share_memory()),
    assigned=lambda T: (lambda y: (setattr(y, "data", T.ones(2).share_memory_()), y.is_shared())[1])(T.zeros(2)),
)  # fmt: skip
def test_sharing_in_this_process(program: Any) -> None:
    assert agree(program)[0] != "raised"


def through(T: Any, strategy: str) -> Any:
    before = M(T).get_sharing_strategy()
    M(T).set_sharing_strategy(strategy)
    try:
        return M(T).get_sharing_strategy(), changed(T, lambda T: T.zeros(3)), changed(T, lambda T: T.zeros(40_000))[3], ask(T, lambda *many: [m.add_(1).sum() for m in many], *[T.zeros(2) for _ in range(20)])
    finally:
        M(T).set_sharing_strategy(before)


@cases(
    fd=lambda T: through(T, "file_descriptor"), fs=lambda T: through(T, "file_system"), all=lambda T: sorted(M(T).get_all_sharing_strategies()),
    default=lambda T: M(T).get_sharing_strategy(), unknown=lambda T: M(T).set_sharing_strategy("files"),
)  # fmt: skip
def test_strategies(program: Any) -> None:
    agree(program)


# spawn


def failure(run: Any) -> Any:
    try:
        return run()
    except Exception as error:
        told = [type(error).__name__, type(error).__mro__[1].__name__, *(getattr(error, name, None) for name in ("error_index", "exit_code", "signal_name"))]
        again = pickle.loads(pickle.dumps(error))
        return told, [line for line in str(error).splitlines() if line[:1] not in " "], [again.error_index, again.msg == error.msg, again.error_pid == error.error_pid]  # type: ignore[attr-defined]


def started(T: Any, work: Any, n: int = 2, **more: Any) -> Any:
    x = T.zeros(4).share_memory_()
    found = failure(lambda: M(T).start_processes(work, (x,), nprocs=n, start_method="fork", **more))
    return found, x


def slow(i: int, x: Any) -> None:
    if i == 0:
        raise KeyError("zero")
    time.sleep(30)


def joined(T: Any) -> Any:
    x = T.zeros(3).share_memory_()
    context = M(T).start_processes(lambda i, x: x[i].add_(5), (x,), nprocs=3, join=False, daemon=True, start_method="fork")
    pids = context.pids()
    while not context.join(timeout=0.2):
        pass
    return type(context).__name__, len(pids), all(isinstance(p, int) for p in pids), [p.exitcode for p in context.processes], [p.daemon for p in context.processes], context.join(), x


@cases(
    good=lambda T: M(T).spawn(time.sleep, nprocs=1), raises=lambda T: failure(lambda: M(T).spawn(operator.floordiv, (0,), nprocs=1)), exits=lambda T: failure(lambda: M(T).spawn(os._exit, nprocs=2)),
    signals=lambda T: failure(lambda: M(T).spawn(signal.raise_signal, nprocs=2)), other_method=lambda T: M(T).spawn(time.sleep, nprocs=1, start_method="fork"),
    started=lambda T: started(T, lambda i, x: x[i].add_(1), 4), one_fails=lambda T: started(T, slow), grace=lambda T: started(T, lambda i, x: os._exit(4) if i == 1 else x.add_(1)),
    joined=joined, interrupted=lambda T: started(T, lambda i, x: os.kill(os.getpid(), signal.SIGINT)), sys_exit=lambda T: started(T, lambda i, x: exit(0)),
    forkserver=lambda T: M(T).start_processes(time.sleep, nprocs=2, start_method="forkserver"), unknown=lambda T: M(T).start_processes(time.sleep, start_method="thread"),
    not_picklable=lambda T: M(T).spawn(lambda i: None, nprocs=1) if T is not None else None, none=lambda T: M(T).spawn(time.sleep, nprocs=0),
    old_name=lambda T: type(M(T).SpawnContext([], [])).__name__, context=lambda T: M(T).ProcessContext([], []).join(),
    exceptions=lambda T: [(lambda e: [str(e), e.msg, e.error_index, e.error_pid])(M(T).spawn.__globals__["ProcessException"]("m", 1, 2)), str(M(T).ProcessRaisedException("r", 0, 3)),
                          (lambda e: [e.exit_code, e.signal_name])(M(T).ProcessExitedException("x", 0, 3, -9, "SIGKILL"))],
)  # fmt: skip
def test_processes_that_run_one_function(program: Any) -> None:
    agree(program)


# The names of Python's multiprocessing


@cases(
    Array=lambda T: M(T).Array("i", [1, 2])[:], RawArray=lambda T: M(T).RawArray("d", 2)[:], Value=lambda T: M(T).Value("i", 3).value, RawValue=lambda T: M(T).RawValue("i", 3).value,
    Lock=lambda T: M(T).Lock().acquire(), RLock=lambda T: M(T).RLock().acquire(), Semaphore=lambda T: M(T).Semaphore(2).acquire(), BoundedSemaphore=lambda T: M(T).BoundedSemaphore(1).acquire(),
    Condition=lambda T: M(T).Condition().acquire(), Event=lambda T: M(T).Event().is_set(), Barrier=lambda T: M(T).Barrier(2).parties,
    Pipe=lambda T: (lambda a, b: (a.send(T.ones(2)), b.recv())[1])(*M(T).Pipe()), Queue=lambda T: (lambda q: (q.put(T.ones(2)), q.get(timeout=30).is_shared())[1])(M(T).Queue()),
    SimpleQueue=lambda T: (lambda q: (q.put(T.ones(2)), q.get())[1])(M(T).SimpleQueue()), JoinableQueue=lambda T: (lambda q: (q.put(T.ones(2)), q.get(timeout=30), q.task_done(), q.join())[1])(M(T).JoinableQueue()),
    Process=lambda T: (lambda p: (p.start(), p.join(), p.exitcode)[2])(M(T).Process(target=time.sleep, args=(0,))),
    Pool=lambda T: pooled(T), Manager=lambda T: managed(T), active_children=lambda T: isinstance(M(T).active_children(), list), cpu_count=lambda T: M(T).cpu_count(),
    current_process=lambda T: M(T).current_process().name, parent_process=lambda T: M(T).parent_process(), freeze_support=lambda T: M(T).freeze_support(), get_all_start_methods=lambda T: M(T).get_all_start_methods(),
    get_context=lambda T: type(M(T).get_context("spawn")).__name__, get_start_method=lambda T: M(T).get_start_method(), set_start_method=lambda T: M(T).set_start_method("fork", force=True),
    set_executable=lambda T: M(T).set_executable(__import__("sys").executable), set_forkserver_preload=lambda T: M(T).set_forkserver_preload(["__main__"]), allow_connection_pickling=lambda T: M(T).allow_connection_pickling(),
    get_logger=lambda T: M(T).get_logger().name, log_to_stderr=lambda T: M(T).log_to_stderr(logging.CRITICAL).name, reducer=lambda T: M(T).reducer.__name__,
    errors=lambda T: [type(M(T).ProcessError("p")).__name__, type(M(T).TimeoutError("t")).__name__, type(M(T).BufferTooShort(b"b")).__name__, type(M(T).AuthenticationError("a")).__name__],
    thread=lambda T: (M(T)._set_thread_name("a thread with a long name"), M(T)._get_thread_name(), M(T)._set_thread_name("pytest"))[1], death=lambda T: M(T)._prctl_pr_set_pdeathsig(0),
)  # fmt: skip
def test_names(program: Any) -> None:
    assert agree(program)[0] != "raised"


def pooled(T: Any) -> Any:
    x = T.arange(4.0).share_memory_()
    with F(T).Pool(2) as pool:
        found = pool.map(double, [x[i] for i in range(4)]), pool.apply(abs, (-3,)), pool.starmap(pow, [(2, 3)]), sorted(pool.imap_unordered(abs, [-1, 2]))
    with M(T).Pool(1) as pool:
        return found, x, pool.map(double, [T.ones(2)])


def double(t: Any) -> Any:
    return t.mul_(2)


def managed(T: Any) -> Any:
    with M(T).Manager() as manager:
        shared = manager.dict(a=1)
        shared["b"] = 2
        return dict(shared), list(manager.list([T.ones(2).tolist()]))


def test_the_paths_that_programs_import() -> None:
    import corelib.multiprocessing.pool
    import corelib.multiprocessing.queue
    import corelib.multiprocessing.reductions
    import corelib.multiprocessing.spawn  # noqa: F401

    assert set(torch.multiprocessing.__dict__["multiprocessing"].__all__) <= set(dir(corelib.multiprocessing))
    from corelib.multiprocessing.spawn import ProcessException, start_processes

    assert issubclass(corelib.multiprocessing.ProcessExitedException, ProcessException) and start_processes is corelib.multiprocessing.start_processes
    for name in ("reduce_tensor", "rebuild_tensor", "reduce_storage", "StorageWeakRef", "init_reductions", "shared_cache", "fd_id", "rebuild_storage_empty", "rebuild_meta_tensor"):
        assert hasattr(torch.multiprocessing.reductions, name) and hasattr(corelib.multiprocessing.reductions, name), name


# Hogwild


def hogwild(T: Any) -> Any:
    T.manual_seed(0)
    model = T.nn.Linear(4, 1).share_memory()
    x = T.randn(64, 4)
    y = x.sum(1, keepdim=True)

    def loss() -> Any:
        return T.nn.functional.mse_loss(model(x), y)

    def train(rank: int) -> None:
        optimizer = T.optim.SGD(model.parameters(), lr=0.05)
        for _ in range(60):
            optimizer.zero_grad()
            loss().backward()
            optimizer.step()

    before = loss().item()
    M(T).start_processes(train, nprocs=2, start_method="fork")
    return loss().item() < before / 50, model.weight.is_shared(), [p.grad is None for p in model.parameters()]


def in_turn(T: Any) -> Any:
    """One process after the other trains the one model: the same numbers."""
    T.manual_seed(0)
    model = T.nn.Sequential(T.nn.Linear(4, 8), T.nn.Tanh(), T.nn.Linear(8, 1)).share_memory()
    x = T.randn(16, 4)
    for how in ("SGD", "Adam", "RMSprop"):

        def train(how: str = how) -> None:
            optimizer = getattr(T.optim, how)(model.parameters(), lr=0.01)
            for _ in range(3):
                optimizer.zero_grad()
                model(x).pow(2).mean().backward()
                optimizer.step()

        child = F(T).Process(target=train)
        child.start()
        child.join()
    return [[round(v, 4) for v in p.detach().flatten().tolist()] for p in model.parameters()]


@cases(hogwild=hogwild, in_turn=in_turn)
def test_one_model_is_trained_by_several_processes(program: Any) -> None:
    assert agree(program)[0] != "raised"


@pytest.fixture(autouse=True)
def _quiet() -> Any:
    logger = logging.getLogger("torch.multiprocessing.spawn")
    logger.disabled = True
    with warnings.catch_warnings():
        yield
    logger.disabled = False
