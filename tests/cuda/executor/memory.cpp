// Devices' memory, its shadow, and the functions of which gcc emits a call at every access (-fsanitize=thread, without its runtime).
#include "runtime.h"
#include <cstring>
#include <sys/mman.h>

u64 tick = 1, launch_tick, block_tick, barrier_tick, warp_ticks[64];
static u64 private_low, private_high, shared_low, shared_high;
static Arena* arenas[16];
static u64 narenas;
static u8* shared_state;  // of the library's shared variables and then of dynamic shared memory
static u64 *shared_reads, *shared_writes, shared_room;
static u64 dynamic_low, dynamic_high;

static void* pages(u64 nbytes) {
  void* made = mmap(nullptr, nbytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return made == MAP_FAILED ? nullptr : made;
}

static void drop(void* from, u64 nbytes) {  // whole pages go back to the system, and read as zeros
  const u64 low = ((u64)from + 4095) & ~4095ull, high = ((u64)from + nbytes) & ~4095ull;
  if (low < high) madvise((void*)low, high - low, MADV_DONTNEED);
}

extern "C" Arena* arena_new(u64 base, u64 span) {
  Arena* a = new Arena{base, span, (u8*)pages(span), (u8*)pages(span), (u64*)pages(span * 8), (u64*)pages(span * 8)};
  if (a->memory && a->state && a->reads && a->writes) return a;
  delete a;
  return nullptr;
}

extern "C" void arena_delete(Arena* a) {
  munmap(a->memory, a->span);
  munmap(a->state, a->span);
  munmap(a->reads, a->span * 8);
  munmap(a->writes, a->span * 8);
  delete a;
}

extern "C" void arena_allocate(Arena* a, u64 at, u64 nbytes) { memset(a->state + at, ALLOCATED, nbytes); }

// [at, at + nbytes) is free from now on. [low, high) around it is in no array either: the pages that lie in it whole go back.
extern "C" void arena_free(Arena* a, u64 at, u64 nbytes, u64 low, u64 high) {
  if (nbytes < 1 << 16) memset(a->state + at, NOTHING, nbytes);
  else memset(a->state + at, NOTHING, 4096), memset(a->state + at + nbytes - 4096, NOTHING, 4096);  // parts of pages; the others read as zeros
  drop(a->state + low, high - low);
  drop(a->memory + low, high - low);
  drop(a->reads + low, (high - low) * 8);
  drop(a->writes + low, (high - low) * 8);
}

// The first byte from `at` on that is not in the state wanted, or -1.
extern "C" i64 arena_check(Arena* a, u64 at, u64 nbytes, u32 wanted) {
  for (u64 i = 0; i < nbytes; ++i)
    if ((a->state[at + i] & wanted) != wanted) return (i64)(at + i);
  return -1;
}

extern "C" void arena_write(Arena* a, u64 at, const void* from, u64 nbytes) {
  memcpy(a->memory + at, from, nbytes);
  memset(a->state + at, WRITTEN, nbytes);
}

extern "C" void arena_fill(Arena* a, u64 at, u32 value, u64 nbytes) {
  memset(a->memory + at, (int)value, nbytes);
  memset(a->state + at, WRITTEN, nbytes);
}

extern "C" void arena_read(Arena* a, u64 at, void* to, u64 nbytes) { memcpy(to, a->memory + at, nbytes); }

extern "C" void arena_mark(Arena* a, u64 at, u64 nbytes) { memset(a->state + at, WRITTEN, nbytes); }

extern "C" void arena_copy(Arena* a, u64 to, Arena* b, u64 from, u64 nbytes) {
  memmove(a->memory + to, b->memory + from, nbytes);
  memmove(a->state + to, b->state + from, nbytes);
}

void private_region(u64 low, u64 high) { private_low = low, private_high = high; }

void memory_begin(Launch* l) {
  narenas = l->narenas < 16 ? l->narenas : 16;
  for (u64 i = 0; i < narenas; ++i) arenas[i] = l->arenas[i];
  shared_low = l->low, shared_high = l->high;
  dynamic_low = (u64)l->dynamic, dynamic_high = dynamic_low + l->dynamic_size;
  const u64 room = shared_high - shared_low + l->dynamic_size;
  if (room > shared_room) {
    if (shared_room) munmap(shared_state, shared_room), munmap(shared_reads, shared_room * 8), munmap(shared_writes, shared_room * 8);
    shared_room = (room + 65535) & ~65535ull;
    shared_state = (u8*)pages(shared_room), shared_reads = (u64*)pages(shared_room * 8), shared_writes = (u64*)pages(shared_room * 8);
  }
  launch_tick = block_tick = barrier_tick = ++tick;
}

static u64 shared_place(u64 address) { return address - shared_low < shared_high - shared_low ? address - shared_low : shared_high - shared_low + address - dynamic_low; }

// A block begins: its shared memory holds rubbish that nobody has written.
void shared_begin(bool random) {
  for (u64 v = 0; v < current->nshared; ++v) {
    const Variable& x = current->shared[v];
    const u64 bits = random ? random_bits() | 1 : 0xa5a5a5a5a5a5a5a5ull;
    for (u64 i = 0; i < x.size; ++i) ((u8*)x.start)[i] = (u8)(bits >> (i % 8 * 8));
    memset(shared_state + shared_place(x.start), ALLOCATED, x.size);
  }
}

[[noreturn]] static void found(u32 kind, u64 address, u32 size, bool write, u32 memory, u64 other, void* place) {
  Fault& f = current->fault;
  f.address = address, f.size = size, f.write = write, f.memory = memory, f.other = (u32)(other & WHO);
  fault(kind, place);
}

// Whether what a record of this block tells happened without a barrier before now.
static bool beside(u64 record) {
  const u32 who = record & WHO;
  const u64 when = record >> TICK, me = current_thread, warp = me / current->warp;
  if (who == me) return false;
  const u64 its = who < WARPS ? who / current->warp : who - WARPS;
  const u64 last = who != MANY && its == warp && warp_ticks[warp] > barrier_tick ? warp_ticks[warp] : barrier_tick;
  return when >= last;
}

static u64 joined(u64 record) {  // who, when another thread has done the same since the last barrier
  const u64 who = record & WHO, warp = current_thread / current->warp, its = who < WARPS ? who / current->warp : who - WARPS;
  return who != MANY && its == warp ? WARPS + warp : (u64)MANY;
}

static void note(u64* reads, u64* writes, u32 size, bool write, bool atomic, u64 address, u32 memory, void* place) {
  const u64 from = memory == 1 ? block_tick : launch_tick, now = tick << TICK;
  for (u32 i = 0; i < size; ++i) {
    const u64 w = writes[i];
    if (w >> TICK >= from) {
      const bool both = atomic && (w & ATOMIC);
      if (!both) {
        if (w >> TICK < block_tick || (w & OTHERS)) found(RACE_OF_BLOCKS, address + i, size, write, memory, w, place);
        if (beside(w)) found(RACE, address + i, size, write, memory, w, place);
      }
    }
    const u64 r = reads[i];
    if (write) {
      if (r >> TICK >= from) {
        if (r >> TICK < block_tick || (r & OTHERS)) found(RACE_OF_BLOCKS, address + i, size, write, memory, r, place);
        if (beside(r)) found(RACE, address + i, size, write, memory, r, place);
      }
      u64 made = now | current_thread | (atomic ? (u64)ATOMIC : 0);
      if (atomic && w >> TICK >= from) {
        if (w >> TICK < block_tick || (w & OTHERS)) made |= OTHERS;
        if (w >> TICK >= block_tick && beside(w)) made = (made & ~WHO) | joined(w);
      }
      writes[i] = made;
    } else {
      u64 made = now | current_thread;
      if (r >> TICK >= from) {
        if (r >> TICK < block_tick || (r & OTHERS)) made |= OTHERS;
        if (r >> TICK >= block_tick && beside(r)) made = (made & ~WHO) | joined(r);
      }
      reads[i] = made;
    }
  }
}

static void access(u64 address, u32 size, bool write, bool atomic, void* place) {
  if (address - private_low < private_high - private_low) return;
  for (u64 n = 0; n < narenas; ++n) {
    Arena* a = arenas[n];
    const u64 at = address - (u64)a->memory;
    if (at >= a->span) continue;
    u8* state = a->state + at;
    for (u32 i = 0; i < size; ++i) {
      if (!state[i]) found(OUTSIDE, a->base + at + i, size, write, 0, 0, place);
      if ((!write || atomic) && state[i] != WRITTEN) found(UNWRITTEN, a->base + at + i, size, false, 0, 0, place);
    }
    note(a->reads + at, a->writes + at, size, write, atomic, a->base + at, 0, place);
    if (write) for (u32 i = 0; i < size; ++i) state[i] = WRITTEN;
    return;
  }
  if (address - shared_low < shared_high - shared_low || address - dynamic_low < dynamic_high - dynamic_low) {
    for (u64 v = 0; v < current->nshared; ++v) {
      const Variable& x = current->shared[v];
      if (address < x.start || address + size > x.start + x.size) continue;
      const u64 at = shared_place(address);
      for (u32 i = 0; i < size; ++i)
        if ((!write || atomic) && shared_state[at + i] != WRITTEN) found(UNWRITTEN, address - x.start + i, size, false, 1, 0, place);
      note(shared_reads + at, shared_writes + at, size, write, atomic, address - x.start, 1, place);
      if (write) memset(shared_state + at, WRITTEN, size);
      return;
    }
    found(OUTSIDE, address, size, write, 1, 0, place);
  }
  if (!write && address - current->constant_low < current->constant_high - current->constant_low) return;
  found(OUTSIDE, address, size, write, 2, 0, place);
}

// The device's address of what a kernel sees at an address of this process; what is in no device stays as it is.
u64 device_address(u64 address) {
  for (u64 n = 0; n < narenas; ++n)
    if (address - (u64)arenas[n]->memory < arenas[n]->span) return arenas[n]->base + (address - (u64)arenas[n]->memory);
  return address;
}

// An address, as a struct or an array in memory has it, of a device: the place that stands for it; what is in no device stays as it is.
extern "C" void* corelib_pointer(u64 address) {
  for (u64 n = 0; n < current->narenas; ++n) {
    Arena* a = current->arenas[n];
    if (address - a->base < a->span) return a->memory + (address - a->base);
  }
  return (void*)address;
}

extern "C" void corelib_atomic(const void* p, u32 size, int checked) {
  if ((u64)p % size) found(MISALIGNED, device_address((u64)p), size, true, 0, 0, __builtin_return_address(0));
  if (checked) access((u64)p, size, true, true, __builtin_return_address(0));
}

#define ACCESS(N) \
  extern "C" void __tsan_read##N(void* p) { access((u64)p, N, false, false, __builtin_return_address(0)); } \
  extern "C" void __tsan_write##N(void* p) { access((u64)p, N, true, false, __builtin_return_address(0)); } \
  extern "C" void __tsan_unaligned_read##N(void* p) { access((u64)p, N, false, false, __builtin_return_address(0)); } \
  extern "C" void __tsan_unaligned_write##N(void* p) { access((u64)p, N, true, false, __builtin_return_address(0)); }
ACCESS(1) ACCESS(2) ACCESS(4) ACCESS(8) ACCESS(16)
extern "C" void __tsan_read_range(void* p, u64 size) { access((u64)p, (u32)size, false, false, __builtin_return_address(0)); }
extern "C" void __tsan_write_range(void* p, u64 size) { access((u64)p, (u32)size, true, false, __builtin_return_address(0)); }
extern "C" void __tsan_init() {}
extern "C" void __tsan_func_entry(void*) {}
extern "C" void __tsan_func_exit() {}
extern "C" void* arena_memory(Arena* a) { return a->memory; }
