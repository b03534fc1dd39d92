// Launches: blocks in a random order, and the threads of each as a plain loop or, where they meet at barriers, as fibers.
#include "runtime.h"
#include <algorithm>
#include <csetjmp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ctime>
#include <unistd.h>
#include <vector>

struct Three { u32 x, y, z; };
extern "C" { Three threadIdx, blockIdx, blockDim, gridDim; u8* corelib_dynamic; int warpSize; }

Launch* current;
u32 current_thread;
u64 random_state;
static u64 current_block;
static sigjmp_buf back;

constexpr u64 STACK = 256 << 10, PLAIN_STACK = 1 << 20, MOST = 1024;
static u8* stacks;

enum Where : u8 { READY, AT_BARRIER, AT_WARP, DONE };

struct Fiber {
  void* stack;
  Where where;
  int place;  // which barrier or warp function of the text
  u64 value, mask, result;
  int op, lane, width;
};
static Fiber fibers[MOST];
static void* scheduler;
static u32 nthreads;

[[noreturn]] void fault(u32 kind, void* place) {
  Fault& f = current->fault;
  f.kind = kind, f.thread = current_thread, f.block = current_block;
  Dl_info info;
  if (place && dladdr(place, &info)) f.place = (u64)place - (u64)info.dli_fbase - 1;
  siglongjmp(back, 1);
}

// Save what a call must keep, change stacks, and go on where the other one was left.
asm(R"(
.text
.globl corelib_switch
.hidden corelib_switch
.type corelib_switch, @function
corelib_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
)");
extern "C" void corelib_switch(void** from, void* to);

static void* fresh(u8* top, void (*start)()) {
  void** at = (void**)top;
  *--at = nullptr;
  *--at = (void*)start;
  for (int i = 0; i < 6; ++i) *--at = nullptr;
  return at;
}

static void set_thread(u32 t) {
  const u32* n = current->block;
  current_thread = t;
  threadIdx = {t % n[0], t / n[0] % n[1], t / n[0] / n[1]};
}

static void set_block(u64 b) {
  const u32* n = current->grid;
  current_block = b;
  blockIdx = {(u32)(b % n[0]), (u32)(b / n[0] % n[1]), (u32)(b / n[0] / n[1])};
  block_tick = barrier_tick = ++tick;
  shared_begin(true);
}

static volatile bool running;  // code of the kernel, which may be left at any time; the runtime's own may hold a lock

static void leave() {
  running = false;
  corelib_switch(&fibers[current_thread].stack, scheduler);
  running = true;
}

static void run_thread() {
  running = true;
  current->entry(current->arguments);
  running = false;
}

static void thread_main() {
  run_thread();
  fibers[current_thread].where = DONE;
  ++current->threads_run;
  leave();
}

static std::vector<u64> shuffled(u64 count) {
  std::vector<u64> order(count);
  for (u64 i = 0; i < count; ++i) order[i] = i;
  for (u64 i = count; i > 1; --i) std::swap(order[i - 1], order[random_bits() % i]);
  return order;
}

static u64 nblocks;

static void plain_main() {
  {
    const std::vector<u64> blocks = shuffled(nblocks), threads = shuffled(nthreads);
    for (u64 b : blocks) {
      set_block(b);
      for (u64 t : threads) {
        set_thread((u32)t);
        run_thread();
        ++current->threads_run;
      }
    }
  }
  corelib_switch(&fibers[0].stack, scheduler);
}

constexpr u64 LIVE = 0;
enum Op { SYNC, SHUFFLE, UP, DOWN, XOR, BALLOT, ANY, ALL };

// Where all lanes of a mask have come to one function, give each its result; whether it did.
static bool meet(u32 t, std::vector<u32>& ready) {
  const u32 warp = t / current->warp, first = warp * current->warp, end = std::min(first + current->warp, nthreads);
  while (t < end && fibers[t].where != AT_WARP) ++t;
  if (t == end) return false;
  Fiber& me = fibers[t];
  if (me.mask == LIVE) {  // HIP's: all that have not returned
    u64 live = 0;
    for (u32 x = first; x < end; ++x) {
      if (fibers[x].where == DONE) continue;
      if (fibers[x].where != AT_WARP || fibers[x].place != me.place || fibers[x].mask != LIVE) return false;
      live |= 1ull << (x - first);
    }
    for (u32 x = first; x < end; ++x) fibers[x].mask = live;
  }
  for (u32 x = first; x < end; ++x)
    if (me.mask >> (x - first) & 1 && (fibers[x].where != AT_WARP || fibers[x].place != me.place || fibers[x].mask != me.mask)) return false;
  u64 votes = 0;
  for (u32 x = first; x < end; ++x)
    if (me.mask >> (x - first) & 1 && fibers[x].value) votes |= 1ull << (x - first);
  warp_ticks[warp] = ++tick;
  for (u32 x = first; x < end; ++x) {
    Fiber& f = fibers[x];
    const int own = (int)(x - first);
    if (!(me.mask >> own & 1)) continue;
    int width = f.width ? f.width : (int)current->warp, base = own / width * width, from = own;
    if (f.op == SHUFFLE) from = base + (f.lane & (width - 1));
    if (f.op == UP) from = own - f.lane >= base ? own - f.lane : own;
    if (f.op == DOWN) from = own + f.lane < base + width ? own + f.lane : own;
    if (f.op == XOR) from = (own ^ f.lane) < base + width ? own ^ f.lane : own;
    const bool there = first + from < end && (me.mask >> from & 1);
    f.result = f.op == BALLOT ? votes : f.op == ANY ? votes != 0 : f.op == ALL ? true : there ? fibers[first + from].value : random_bits();
    ready.push_back(x);
  }
  if (me.op == ALL)
    for (u32 x = first; x < end; ++x)
      if (me.mask >> (x - first) & 1 && !fibers[x].value)
        for (u32 y = first; y < end; ++y) fibers[y].result = me.mask >> (y - first) & 1 ? 0 : fibers[y].result;
  for (u32 x = first; x < end; ++x)
    if (me.mask >> (x - first) & 1) fibers[x].where = READY;
  return true;
}

// Nobody can go on: all at one barrier, or a fault.
static void at_rest(std::vector<u32>& ready) {
  u32 some = 0, waiting = 0, done = 0;
  for (u32 t = 0; t < nthreads; ++t) {
    done += fibers[t].where == DONE;
    if (fibers[t].where == AT_WARP) {
      set_thread(t);
      const u32 first = t / current->warp * current->warp;
      bool left = false;
      for (u32 x = first; x < std::min(first + current->warp, nthreads); ++x)
        if (fibers[t].mask >> (x - first) & 1 && fibers[x].where == DONE) left = true, current->fault.other = x;
      fault(left ? WARP_LEFT : WARP_OTHER, nullptr);
    }
    if (fibers[t].where == AT_BARRIER) some = t, ++waiting;
  }
  current->fault.waiting = waiting, current->fault.number = nthreads;
  set_thread(some);
  if (waiting < nthreads) fault(BARRIER_LEFT, nullptr);
  u64 votes = 0;
  for (u32 t = 0; t < nthreads; ++t) {
    if (fibers[t].place != fibers[some].place) current->fault.other = t, fault(BARRIER_OTHER, nullptr);
    votes += fibers[t].value != 0;
  }
  barrier_tick = ++tick;
  for (u32 t = 0; t < nthreads; ++t) {
    Fiber& f = fibers[t];
    f.where = READY;
    f.result = f.op == ANY ? votes != 0 : f.op == ALL ? votes == nthreads : votes;
    ready.push_back(t);
  }
}

static void run_block(u64 b) {
  set_block(b);
  std::vector<u32> ready;
  for (u32 t = 0; t < nthreads; ++t) {
    fibers[t] = Fiber{};
    fibers[t].stack = fresh(stacks + PLAIN_STACK + (t + 1) * STACK, thread_main);
    ready.push_back(t);
  }
  u32 done = 0;
  while (done < nthreads) {
    if (ready.empty()) at_rest(ready);
    const u64 pick = random_bits() % ready.size();
    const u32 t = ready[pick];
    ready[pick] = ready.back();
    ready.pop_back();
    set_thread(t);
    corelib_switch(&scheduler, fibers[t].stack);
    if (fibers[t].where == AT_WARP) meet(t, ready);
    if (fibers[t].where == DONE) meet(t / current->warp * current->warp, ready);  // whoever waits for all that have not returned
    done += fibers[t].where == DONE;
  }
}

extern "C" u64 corelib_barrier(int place, int op, u64 value) {
  if (current->plain) snprintf(current->fault.text, 256, "a barrier in what was taken for a plain loop"), fault(UNSUPPORTED, __builtin_return_address(0));
  Fiber& f = fibers[current_thread];
  f.where = AT_BARRIER, f.place = place, f.op = op, f.value = value;
  leave();
  return fibers[current_thread].result;
}

extern "C" u64 corelib_live() {
  const u32 first = current_thread / current->warp * current->warp;
  u64 mask = 0;
  for (u32 x = first; x < std::min(first + current->warp, nthreads); ++x)
    if (fibers[x].where != DONE) mask |= 1ull << (x - first);
  return mask;
}

extern "C" u64 corelib_warp(int place, int op, u64 mask, u64 value, int lane, int width) {
  if (current->plain) snprintf(current->fault.text, 256, "a function of warps in what was taken for a plain loop"), fault(UNSUPPORTED, __builtin_return_address(0));
  if (mask != LIVE && !(mask >> current_thread % current->warp & 1)) current->fault.other = current_thread, fault(WARP_OTHER, __builtin_return_address(0));
  Fiber& f = fibers[current_thread];
  f.where = AT_WARP, f.place = place, f.op = op, f.mask = mask, f.value = value, f.lane = lane, f.width = width;
  leave();
  return fibers[current_thread].result;
}

static thread_local bool here;
static struct sigaction before[4];
static const int SIGNALS[4] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL};

static void on_end(int) {
  if (here && running) fault(ENDLESS, nullptr);
}

static void on_signal(int number, siginfo_t* info, void*) {
  if (!here) {  // another thread's: as it was before
    for (int i = 0; i < 4; ++i)
      if (SIGNALS[i] == number) sigaction(number, &before[i], nullptr);
    return;
  }
  current->fault.address = (u64)info->si_addr;
  snprintf(current->fault.text, 256, "%s", number == SIGFPE ? "a division that the processor refuses (SIGFPE)" : number == SIGILL ? "SIGILL" : "an access that the processor refuses (SIGSEGV)");
  fault(SIGNAL, nullptr);
}

extern "C" void corelib_run(Launch* l) {
  static u8 alternate[1 << 16];
  if (!stacks) {
    stacks = (u8*)mmap(nullptr, PLAIN_STACK + MOST * STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    for (u64 t = 0; t <= MOST; ++t) mprotect(stacks + (t ? PLAIN_STACK + (t - 1) * STACK : 0), 4096, PROT_NONE);  // a stack's end
    private_region((u64)stacks, (u64)stacks + PLAIN_STACK + MOST * STACK);
  }
  current = l;
  random_state = l->seed * 0x9e3779b97f4a7c15ull | 1;
  nthreads = l->block[0] * l->block[1] * l->block[2];
  nblocks = (u64)l->grid[0] * l->grid[1] * l->grid[2];
  blockDim = {l->block[0], l->block[1], l->block[2]};
  gridDim = {l->grid[0], l->grid[1], l->grid[2]};
  corelib_dynamic = l->dynamic, warpSize = (int)l->warp;
  memset(&l->fault, 0, sizeof l->fault);
  memory_begin(l);
  stack_t own{}, old{};
  own.ss_sp = alternate, own.ss_size = sizeof alternate;
  sigaltstack(&own, &old);
  struct sigaction action{};
  action.sa_sigaction = on_signal, action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  for (int i = 0; i < 4; ++i) sigaction(SIGNALS[i], &action, &before[i]);
  struct sigaction end{}, other{};
  end.sa_handler = on_end, end.sa_flags = SA_ONSTACK | SA_NODEFER;
  sigaction(SIGRTMIN + 5, &end, &other);
  timer_t timer;
  struct sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID, event.sigev_signo = SIGRTMIN + 5, event._sigev_un._tid = (pid_t)syscall(SYS_gettid);
  const bool timed = timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer) == 0;
  struct itimerspec after{};
  after.it_value.tv_sec = (time_t)l->seconds, after.it_value.tv_nsec = (long)((l->seconds - (double)(time_t)l->seconds) * 1e9);
  after.it_interval.tv_nsec = 50000000;  // again, where it came at a time that was not the kernel's
  if (timed) timer_settime(timer, 0, &after, nullptr);
  here = true, running = false;
  if (!sigsetjmp(back, 1)) {
    if (l->plain) {
      fibers[0].stack = fresh(stacks + PLAIN_STACK, plain_main);
      corelib_switch(&scheduler, fibers[0].stack);
    } else {
      for (u64 b : shuffled(nblocks)) run_block(b);
    }
  }
  here = false;
  if (timed) timer_delete(timer);
  sigaction(SIGRTMIN + 5, &other, nullptr);
  for (int i = 0; i < 4; ++i) sigaction(SIGNALS[i], &before[i], nullptr);
  sigaltstack(&old, nullptr);
  current = nullptr;
}

// What gcc calls where C says that something must not be: -fsanitize=bounds,alignment,integer-divide-by-zero,shift-exponent.
struct Place { const char* file; u32 line, column; };
[[noreturn]] static void told(u32 kind, const void* data, const char* what, u64 value) {
  current->fault.line = ((const Place*)data)->line;
  snprintf(current->fault.text, 256, "%s%ld", what, (long)value);
  fault(kind, nullptr);
}
extern "C" void __ubsan_handle_out_of_bounds(void* data, u64 index) { told(BOUNDS, data, "index ", index); }
extern "C" void __ubsan_handle_divrem_overflow(void* data, u64 a, u64) { told(DIVISION, data, "of ", a); }
extern "C" void __ubsan_handle_shift_out_of_bounds(void* data, u64, u64 by) { told(SHIFT, data, "by ", by); }
extern "C" void __ubsan_handle_type_mismatch_v1(void* data, u64 pointer) {
  struct { Place place; void* type; u8 log, kind; }* d = decltype(d)(data);
  current->fault.size = 1u << d->log, current->fault.address = device_address(pointer);
  told(MISALIGNED, data, "", 0);
}
extern "C" void __ubsan_handle_float_cast_overflow(void*, u64) { ++current->conversions; }
