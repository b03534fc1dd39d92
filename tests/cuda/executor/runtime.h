// What the two halves of the runtime share: the memory of devices with its shadow, and the launch that is running.
#pragma once
#include <cstddef>
#include <cstdint>

typedef uint8_t u8; typedef uint32_t u32; typedef uint64_t u64; typedef int64_t i64;

// A shadow's record says when a byte was last read or written and by whom:
// tick << 14 | OTHERS | ATOMIC | who. Ticks grow with each block, barrier and warp barrier, so that a record older than the
// launch, the block or the last barrier is known by comparison.
enum : u64 { WHO = 0xfff, ATOMIC = 1 << 12, OTHERS = 1 << 13, MANY = WHO };
constexpr int TICK = 14;
constexpr u32 WARPS = 1024;  // who: a thread of the block, or WARPS + a warp of which several threads read, or MANY

enum State : u8 { NOTHING = 0, ALLOCATED = 1, WRITTEN = 3 };

struct Arena {
  u64 base, span;  // device addresses [base, base + span)
  u8* memory;      // what stands for them in this process
  u8* state;       // a State for each byte
  u64 *reads, *writes;
};

struct Variable { u64 start, size; };

enum Kind : u32 {
  NONE, OUTSIDE, UNWRITTEN, RACE, RACE_OF_BLOCKS, MISALIGNED, BARRIER_LEFT, BARRIER_OTHER, WARP_LEFT, WARP_OTHER, BOUNDS, DIVISION, SHIFT, SIGNAL, UNSUPPORTED, ENDLESS,
};

struct Fault {
  u32 kind, write, size, other;  // other: who else takes part, as in a record
  u64 address, place;            // place: of the code, from its library's start; or a line where `line` is not 0
  u32 line, thread;
  u64 block;
  u32 memory;  // 0 global, 1 shared, 2 none
  u32 waiting, number;
  char text[256];
};

struct Launch {
  void (*entry)(void**);
  void** arguments;
  u32 grid[3], block[3];
  u32 plain, warp;
  u64 seed;
  Arena** arenas;
  u64 narenas;
  Variable* shared;  // the kernel's own shared variables, dynamic shared memory last
  u64 nshared;
  u64 low, high;     // the part of the library in which all shared variables lie
  u8* dynamic;
  u64 dynamic_size;
  u64 constant_low, constant_high;
  u64 threads_run;
  u64 conversions;   // of floating-point numbers that the integer cannot hold
  double seconds;    // of the processor, after which a kernel is taken for one that does not end
  Fault fault;
};

// of memory.cpp
void shared_begin(bool random);
void memory_begin(Launch*);
void private_region(u64 low, u64 high);
u64 device_address(u64 address);
extern u64 tick, launch_tick, block_tick, barrier_tick, warp_ticks[64];
// of threads.cpp
extern Launch* current;
extern u32 current_thread;
extern u64 random_state;
[[noreturn]] void fault(u32 kind, void* place);
inline u64 random_bits() {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 7;
  random_state ^= random_state << 17;
  return random_state;
}
